// The resolver and the HTTP probe against real servers on loopback.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { decode, encode, type Answer } from 'dns-packet';
import { afterEach, describe, expect, it } from 'vitest';
import { httpProbe } from '../../src/adapters/http-probe.ts';
import { nameResolver } from '../../src/adapters/resolver.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const NXDOMAIN = 3;
const SERVFAIL = 2;

interface Reply {
  readonly answers?: Answer[];
  readonly rcode?: number;
}

/** A name server that answers every question by the given rule. */
async function nameServer(reply: (name: string) => Reply): Promise<string> {
  const socket: Socket = createSocket('udp4');
  socket.on('message', (message, { port, address }) => {
    const { id, questions = [] } = decode(message);
    const { answers = [], rcode = 0 } = reply(questions[0]!.name);
    socket.send(encode({ type: 'response', id: id!, flags: 0x8400 | rcode, questions, answers }), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  closing.push(() => socket.close());
  return `127.0.0.1:${socket.address().port}`;
}

describe('the resolver', () => {
  it('asks the given server, and gives addresses with what is left of their TTL', async () => {
    const server = await nameServer((name) => ({
      answers: [
        { type: 'A', name, ttl: 17, data: '192.0.2.1' },
        { type: 'A', name, ttl: 17, data: '192.0.2.2' },
      ],
    }));
    const answers = await nameResolver.resolve('web.example.test', [server]);
    expect(answers.toSorted((a, b) => a.address.localeCompare(b.address))).toEqual([
      { address: '192.0.2.1', ttlSeconds: 17 },
      { address: '192.0.2.2', ttlSeconds: 17 },
    ]);
  });

  it('asks anew each time', async () => {
    let asked = 0;
    const server = await nameServer((name) => ({
      answers: [{ type: 'A', name, ttl: 300, data: `192.0.2.${(asked += 1)}` }],
    }));
    await nameResolver.resolve('web.example.test', [server]);
    expect(await nameResolver.resolve('web.example.test', [server])).toMatchObject([{ address: '192.0.2.2' }]);
  });

  it.each([
    ['there is no such name', { rcode: NXDOMAIN }],
    ['the name has no address', {}],
  ])('is sure that %s', async (_what, reply) => {
    const server = await nameServer(() => reply);
    expect(await nameResolver.resolve('web.example.test', [server])).toEqual([]);
  });

  it('throws when the server cannot say', async () => {
    const server = await nameServer(() => ({ rcode: SERVFAIL }));
    await expect(nameResolver.resolve('web.example.test', [server])).rejects.toMatchObject({
      code: 'ESERVFAIL',
      syscall: 'queryA',
    });
  });
});

async function httpServer(listener: RequestListener): Promise<{ server: Server; port: number }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

describe('the HTTP probe', () => {
  const target = (port: number) => ({
    address: '127.0.0.1',
    port,
    scheme: 'http' as const,
    path: '/healthz?full',
    host: 'web.example.test',
    timeoutSeconds: 5,
  });

  it('asks an address in the name of the app, on a connection of its own', async () => {
    const seen: string[] = [];
    const ports = new Set<number | undefined>();
    const { port } = await httpServer((request, response) => {
      seen.push(`${request.headers.host}${request.url}`);
      ports.add(request.socket.remotePort);
      response.writeHead(204).end();
    });
    expect(await httpProbe.request(target(port))).toMatchObject({ status: 204 });
    expect(await httpProbe.request(target(port))).toMatchObject({ status: 204 });
    expect(seen).toEqual(['web.example.test/healthz?full', 'web.example.test/healthz?full']);
    expect(ports.size).toBe(2);
  });

  it('reads the answer to its end', async () => {
    const { port } = await httpServer((_request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('half', () => response.destroy());
    });
    await expect(httpProbe.request(target(port))).rejects.toThrow('aborted');
  });

  it('says that there was no answer in time', async () => {
    const { port } = await httpServer(() => undefined);
    await expect(httpProbe.request({ ...target(port), timeoutSeconds: 0.05 })).rejects.toThrow(
      'no answer within 0.05 s',
    );
  });

  it('says that nobody listens', async () => {
    const { server, port } = await httpServer(() => undefined);
    server.close();
    await expect(httpProbe.request(target(port))).rejects.toThrow('ECONNREFUSED');
  });

  it('speaks TLS where it is asked to', async () => {
    const { port } = await httpServer(() => undefined);
    // The plain server cannot make sense of the handshake.
    await expect(httpProbe.request({ ...target(port), scheme: 'https' })).rejects.toMatchObject({ code: 'EPROTO' });
  });
});
