import { createRequire } from 'node:module'
const fastify = createRequire(import.meta.resolve('fastify'))
for (const n of ['@fastify/ajv-compiler','@fastify/fast-json-stringify-compiler']) { const m=fastify(n); const id=fastify.resolve(n); const own=m; let calls=0, ms=0; const keys=new Map(); 
 const wrapped=Object.assign(()=>{const f=own(); return (s,o)=>{const t=performance.now(); const c=f(s,o); ms+=performance.now()-t; return (r)=>{const t=performance.now(); const x=c(r); const d=performance.now()-t; ms+=d; calls++; const k=JSON.stringify(r.schema); const e=keys.get(k)??{n:0,ms:0,len:k.length,u:r.url+' '+(r.httpStatus??r.httpPart)}; e.n++; e.ms+=d; keys.set(k,e); return x}}},own)
 fastify.cache[id].exports=wrapped
 process.on('exit',()=>{console.log(n,'calls',calls,'distinct',keys.size,'ms',ms.toFixed(0)); for(const e of [...keys.values()].sort((a,b)=>b.ms-a.ms).slice(0,8)) console.log('  ',e.n,e.ms.toFixed(0),e.len,e.u)})
}
const { createApi } = await import('./app.ts'); const { scriptedApi, bearer } = await import('./scripted.ts')
import { compiledOnce } from './scripted-compilers.ts'
const a=scriptedApi(); await a.app.inject({url:'/v1/targets',headers:bearer('erin')})
