import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

interface PortRange {
  readonly first: number;
  readonly last: number;
}

const LOOPBACK = '127.0.0.1';
/** So many ports belong to one process id before its search reaches those of the next. */
const PORTS_PER_PROCESS = 64;
/** Less than this is too little to search in. */
const SMALLEST_RANGE = 2048;

const handedOut = new Set<number>();
let range: PortRange | undefined;
let next = 0;

/**
 * A port of 127.0.0.1 that is free for TCP and UDP. It is not handed out again by this process, and it lies outside
 * the range from which the kernel picks ports for outgoing connections, so that none of these takes it before its
 * user binds it. Processes with neighbouring ids search in different places.
 */
export async function freePort(): Promise<number> {
  if (!range) {
    range = portRange(kernelRange());
    next = range.first + ((process.pid * PORTS_PER_PROCESS) % size(range));
  }
  for (let tried = 0; tried < size(range); tried += 1) {
    const port = next;
    next = port === range.last ? range.first : port + 1;
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if ((await tcpIsFree(port)) && (await udpIsFree(port))) return port;
  }
  throw new Error(
    `no free port between ${range.first} and ${range.last} on ${LOOPBACK}: end what uses them, then try again`,
  );
}

const size = ({ first, last }: PortRange): number => last - first + 1;

/** The ports to choose from, given those that the kernel uses for outgoing connections. */
export function portRange(kernel: PortRange): PortRange {
  const below = { first: 10_000, last: kernel.first - 1 };
  if (size(below) >= SMALLEST_RANGE) return below;
  const above = { first: kernel.last + 1, last: 65_535 };
  if (size(above) >= SMALLEST_RANGE) return above;
  return { first: 10_000, last: 65_535 };
}

function kernelRange(): PortRange {
  try {
    const [first, last] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
      .trim()
      .split(/\s+/)
      .map(Number);
    if (first && last) return { first, last };
  } catch {
    // Not Linux: what IANA says, which is what the others use.
  }
  return { first: 49_152, last: 65_535 };
}

async function tcpIsFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, LOOPBACK), 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

async function udpIsFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind(port, LOOPBACK);
    await once(socket, 'listening');
  } catch {
    socket.close();
    return false;
  }
  socket.close();
  await once(socket, 'close');
  return true;
}
