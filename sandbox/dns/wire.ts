import { AUTHORITATIVE_ANSWER, RECURSION_DESIRED, TRUNCATED_RESPONSE, decode, encode } from 'dns-packet';
import type { Answer, DecodedPacket } from 'dns-packet';
import { answer } from './answer.ts';
import type { AnswerContext, Reply } from './answer.ts';

const CODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
const HEADER_BYTES = 12;
const OPCODE_BITS = 0x78_00;
const RESPONSE_BIT = 0x80_00;
const PLAIN_UDP_BYTES = 512;
const OUR_UDP_BYTES = 1232;
/** Longest message that TCP's two bytes of length can announce. */
const TCP_BYTES = 65_535;

/** The message to send back for a message that came in, or undefined when there is nothing to say to it. */
export function respond(message: Buffer, transport: 'udp' | 'tcp', context: AnswerContext): Buffer | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const flags = message.readUInt16BE(2);
  if ((flags & RESPONSE_BIT) !== 0) return undefined;
  if ((flags & OPCODE_BITS) !== 0) return headerOnly(message, CODES.NOTIMP);
  const query = tryTo(() => decode(message));
  const question = query?.questions?.[0];
  if (!query || !question || query.questions?.length !== 1) return headerOnly(message, CODES.FORMERR);

  const edns = query.additionals?.find((record) => record.type === 'OPT');
  const limit =
    transport === 'tcp' ? TCP_BYTES : Math.max(PLAIN_UDP_BYTES, Math.min(edns?.udpPayloadSize ?? 0, OUR_UDP_BYTES));
  const whole = tryTo(() => pack(query, answer(question, context), edns !== undefined));
  // A record whose value is none of its type: the zone is wrong, not the question.
  if (!whole) return headerOnly(message, CODES.SERVFAIL);
  if (whole.length <= limit) return whole;
  const cut = pack(query, { rcode: 'NOERROR', answers: [], authorities: [] }, edns !== undefined);
  cut.writeUInt16BE(cut.readUInt16BE(2) | TRUNCATED_RESPONSE, 2);
  return cut;
}

function tryTo<T>(code: () => T): T | undefined {
  try {
    return code();
  } catch {
    return undefined;
  }
}

function pack(query: DecodedPacket, reply: Reply, edns: boolean): Buffer {
  const authoritative = reply.rcode === 'REFUSED' ? 0 : AUTHORITATIVE_ANSWER;
  const opt: Answer = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: OUR_UDP_BYTES,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  return encode({
    type: 'response',
    id: query.id,
    // The question goes back byte for byte, in the asker's own case: some resolvers check it.
    questions: query.questions,
    flags: authoritative | (query.flag_rd ? RECURSION_DESIRED : 0) | CODES[reply.rcode],
    answers: [...reply.answers],
    authorities: [...reply.authorities],
    additionals: edns ? [opt] : [],
  });
}

function headerOnly(message: Buffer, code: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  message.copy(header, 0, 0, 2);
  header.writeUInt16BE(RESPONSE_BIT | (message.readUInt16BE(2) & OPCODE_BITS) | code, 2);
  return header;
}
