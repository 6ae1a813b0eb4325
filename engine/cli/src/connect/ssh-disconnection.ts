const identification = 'SSH-2.0-Sluice\r\n'
const message = { disconnect: 1 } as const
const reason = { serviceNotAvailable: 7 } as const
/** Of packets before there is a cipher. */
const block = 8
const paddingMin = 4

/** All that a server says that cannot serve: who it is, and why it goes (RFC 4253, 4.2 and 11.1), in clear as anything at first. */
export function disconnection(text: string): Buffer {
  const payload = Buffer.concat([
    Buffer.from([message.disconnect]),
    uint32(reason.serviceNotAvailable),
    string(text),
    string(''),
  ])
  const unpadded = 4 + 1 + payload.length + paddingMin
  const padding = paddingMin + ((block - (unpadded % block)) % block)
  return Buffer.concat([
    Buffer.from(identification),
    uint32(1 + payload.length + padding),
    Buffer.from([padding]),
    payload,
    Buffer.alloc(padding),
  ])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([uint32(bytes.length), bytes])
}
