/** The part of the WebAssembly JavaScript API that this package uses; Node's own types do not declare it. */
declare namespace WebAssembly {
  interface Module {
    readonly __module: unique symbol
  }
  interface Instance {
    readonly exports: Readonly<Record<string, unknown>>
  }
  interface Memory {
    readonly buffer: ArrayBuffer
  }
  interface MemoryDescriptor {
    readonly initial: number
    readonly maximum?: number
  }
  interface WebAssemblyInstantiatedSource {
    readonly instance: Instance
    readonly module: Module
  }
  function compile(bytes: Uint8Array): Promise<Module>
  function instantiate(module: Module, imports: object): Promise<Instance>
}
