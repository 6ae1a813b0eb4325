/** The same over HTTP: one answer that is longer than a token lives, beside many short ones. */
const base = process.env['BASE_URL']
const seconds = Number(process.argv[2])
const until = Date.now() + seconds * 1000
const long = fetch(`${base}/long`).then((response) => response.text())
const statuses = new Set<number>()
while (Date.now() < until) {
  const response = await fetch(`${base}/short`, { headers: { authorization: 'Bearer of-the-application' } })
  statuses.add(response.status)
  await response.arrayBuffer()
  await new Promise((resolve) => setTimeout(resolve, 200))
}
console.log(JSON.stringify({ statuses: [...statuses], events: (await long).split('\n\n').length - 1 }))
