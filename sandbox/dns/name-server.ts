import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server as TcpServer, Socket } from 'node:net';
import type { DnsRecord, NameServer } from '../contracts.ts';
import { freePort } from '../process/ports.ts';
import type { AnswerContext } from './answer.ts';
import { canonicalName } from './names.ts';
import { respond } from './wire.ts';
import { Zones } from './zones.ts';

/** TTL of a load balancer's own records, in seconds of AWS. */
const LOAD_BALANCER_TTL_SECONDS = 60;
const LOAD_BALANCER_ZONE = 'elb.amazonaws.com';
const HOST = '127.0.0.1';
/** Room for the queries that come while the event loop is busy elsewhere: some thousands. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * An authoritative name server on a free port of loopback, UDP and TCP, without any zone at first.
 * `zoneTtl` gives the seconds to answer for a TTL of AWS; less than one second becomes one.
 */
export async function startNameServer(options: { zoneTtl: (ttlSeconds: number) => number }): Promise<NameServer> {
  const zones = new Zones();
  const addresses = new Map<string, string>();
  zones.set(LOAD_BALANCER_ZONE, []);
  const context: AnswerContext = {
    zones,
    ttl: (seconds) => Math.max(1, Math.round(options.zoneTtl(seconds))),
    random: Math.random,
  };
  const port = await freePort();
  const { udp, tcp } = await bindBoth(port);
  const connections = new Set<Socket>();
  udp.on('message', (message, peer) => {
    const reply = respond(message, 'udp', context);
    if (reply) udp.send(reply, peer.port, peer.address);
  });
  tcp.on('connection', (socket) => {
    connections.add(socket.on('close', () => connections.delete(socket)));
    serveTcp(socket, context);
  });

  return {
    address: `${HOST}:${port}`,
    setZone: ({ name, records }) => zones.set(name, records),
    setLoadBalancer(hostname, address) {
      const name = canonicalName(hostname);
      if (!name.endsWith(`.${LOAD_BALANCER_ZONE}`))
        throw new RangeError(`load balancer is named "${hostname}"; expected a name below ${LOAD_BALANCER_ZONE}`);
      if (address === null) addresses.delete(name);
      else addresses.set(name, address);
      zones.set(LOAD_BALANCER_ZONE, [...addresses].flatMap(loadBalancerRecords));
    },
    async stop() {
      for (const connection of connections) connection.destroy();
      await Promise.all([new Promise<void>((closed) => udp.close(closed)), new Promise((closed) => tcp.close(closed))]);
    },
  };
}

/** Alias records that the console or external-dns made name the load balancer with `dualstack.` in front. */
function loadBalancerRecords([hostname, address]: readonly [string, string]): DnsRecord[] {
  const record = { type: 'A', ttl: LOAD_BALANCER_TTL_SECONDS, values: [address] };
  return [
    { ...record, name: hostname },
    { ...record, name: `dualstack.${hostname}` },
  ];
}

async function bindBoth(port: number): Promise<{ udp: UdpSocket; tcp: TcpServer }> {
  const udp = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });
  udp.bind(port, HOST);
  await once(udp, 'listening');
  const tcp = createServer().listen(port, HOST);
  await once(tcp, 'listening');
  return { udp, tcp };
}

/** Each message is preceded by its length in two bytes; a connection may carry many, cut anywhere. */
function serveTcp(socket: Socket, context: AnswerContext): void {
  let received = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      const reply = respond(received.subarray(2, end), 'tcp', context);
      received = received.subarray(end);
      if (!reply) continue;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      socket.write(Buffer.concat([length, reply]));
    }
  });
}
