import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import type { MetricReader } from '@opentelemetry/sdk-metrics'
import type { Address } from '@sluice/core'

/** What Prometheus reads of, at an address of its own. */
export interface Scrapes {
  readonly reader: MetricReader
  readonly address: Address
  close(): Promise<void>
}

/**
 * `GET /metrics` and nothing else. It asks nobody who they are: the address must be one that only its reader reaches.
 * Rejects when the address cannot be had.
 */
export async function openScrapes({ host, port }: Address): Promise<Scrapes> {
  const reader = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true })
  const server = createServer((request, response) => answer(reader, request, response)).unref()
  await once(server.listen(port, host), 'listening')
  return {
    reader,
    address: { host, port: (server.address() as AddressInfo).port },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function answer(reader: PrometheusExporter, request: IncomingMessage, response: ServerResponse): void {
  const [path] = (request.url ?? '').split('?', 1)
  if (path !== '/metrics') response.writeHead(404).end()
  else if (request.method !== 'GET') response.writeHead(405, { allow: 'GET' }).end()
  else reader.getMetricsRequestHandler(request, response)
}
