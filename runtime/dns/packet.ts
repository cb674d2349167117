import packets, { type Answer, type OptAnswer, type Packet } from 'dns-packet';
import type { DnsQuestion, DnsRecord, DnsReply } from './records.ts';
import type { Resolver } from './resolver.ts';

/** What the types of the library leave out. */
interface Decoded extends Packet {
  readonly rcode?: string;
  readonly opcode?: string;
  readonly flag_tc?: boolean;
  readonly flag_aa?: boolean;
  readonly flag_rd?: boolean;
  readonly flag_ra?: boolean;
}

const codes: Readonly<Record<DnsReply['code'], number>> = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
};
const responseFlag = 0x8000;
const checkingDisabled = 0x0010;
const plainUdpLimit = 512;
/** The size is what CoreDNS says of itself. */
const ownOptions: OptAnswer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: 1232,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};
const headerLength = 12;

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function answerOf(record: DnsRecord): Answer {
  return { ...record, class: 'IN' } as Answer;
}

/** The packet that answers a packet; undefined for what is no question. `isStream` has no limit of size. */
export async function answerPacket(
  bytes: Uint8Array,
  resolve: Resolver,
  isStream = false,
): Promise<Uint8Array | undefined> {
  if (bytes.length < headerLength) return undefined;
  const id = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  let query: Decoded;
  try {
    query = packets.decode(bufferOf(bytes)) as Decoded;
  } catch {
    return packets.encode({ type: 'response', id, flags: responseFlag | codes.FORMERR });
  }
  if (query.type === 'response') return undefined;
  const [question] = query.questions ?? [];
  const flags = (query.flags ?? 0) & (packets.RECURSION_DESIRED | checkingDisabled);
  if (query.opcode !== 'QUERY' || question === undefined) {
    const code = query.opcode === 'QUERY' ? codes.FORMERR : codes.NOTIMP;
    return packets.encode({ type: 'response', id, flags: flags | responseFlag | code });
  }
  const reply = await resolve(question).catch(() => failure);
  const edns = query.additionals?.find((each): each is OptAnswer => each.type === 'OPT');
  const limit = isStream ? 0xffff : Math.max(plainUdpLimit, edns?.udpPayloadSize ?? 0);
  return fitting(reply, { query: question, id, flags, hasOptions: edns !== undefined }, limit);
}

const failure: DnsReply = { code: 'SERVFAIL', isAuthoritative: false, answers: [], authorities: [], additionals: [] };

interface ReplyFrame {
  readonly query: NonNullable<Packet['questions']>[number];
  readonly id: number;
  readonly flags: number;
  readonly hasOptions: boolean;
}

/** Additional records go first when there is no room, then answers, which the packet then says. */
function fitting(reply: DnsReply, { query, id, flags, hasOptions }: ReplyFrame, limit: number): Uint8Array {
  const options = hasOptions ? [ownOptions] : [];
  const encode = (answers: readonly DnsRecord[], additionals: readonly DnsRecord[], more = 0): Uint8Array =>
    packets.encode({
      type: 'response',
      id,
      flags:
        flags |
        more |
        responseFlag |
        packets.RECURSION_AVAILABLE |
        (reply.isAuthoritative ? packets.AUTHORITATIVE_ANSWER : 0) |
        codes[reply.code],
      questions: [query],
      answers: answers.map(answerOf),
      authorities: reply.authorities.map(answerOf),
      additionals: [...additionals.map(answerOf), ...options],
    });
  const whole = encode(reply.answers, reply.additionals);
  if (whole.length <= limit) return whole;
  const lean = encode(reply.answers, []);
  if (lean.length <= limit) return lean;
  // Records of one answer are about the same size.
  const empty = encode([], [], packets.TRUNCATED_RESPONSE);
  const each = Math.ceil((lean.length - empty.length) / reply.answers.length);
  for (let count = Math.floor((limit - empty.length) / each); count > 0; count--) {
    const some = encode(reply.answers.slice(0, count), [], packets.TRUNCATED_RESPONSE);
    if (some.length <= limit) return some;
  }
  return empty;
}

/** What came back, and whether there is more to ask for over TCP. */
export interface ReceivedReply extends DnsReply {
  readonly id: number;
  readonly isTruncated: boolean;
  readonly isRecursive: boolean;
  readonly question: DnsQuestion | undefined;
  readonly hasOptions: boolean;
  /** In bytes. */
  readonly size: number;
}

export function queryPacket(id: number, { name, type }: DnsQuestion): Uint8Array {
  return packets.encode({
    type: 'query',
    id,
    flags: packets.RECURSION_DESIRED,
    questions: [{ name, type: type as 'A' }],
    additionals: [ownOptions],
  });
}

/** Throws for what is no answer. */
export function parseReply(bytes: Uint8Array): ReceivedReply {
  const packet = packets.decode(bufferOf(bytes)) as Decoded;
  const [question] = packet.questions ?? [];
  return {
    id: packet.id ?? 0,
    size: bytes.length,
    code: (packet.rcode ?? 'NOERROR') as DnsReply['code'],
    isAuthoritative: packet.flag_aa === true,
    isTruncated: packet.flag_tc === true,
    isRecursive: packet.flag_ra === true,
    hasOptions: packet.additionals?.some(({ type }) => type === 'OPT') === true,
    question: question === undefined ? undefined : { name: question.name, type: question.type },
    answers: (packet.answers ?? []).map(recordOf),
    authorities: (packet.authorities ?? []).map(recordOf),
    additionals: (packet.additionals ?? []).filter(({ type }) => type !== 'OPT').map(recordOf),
  };
}

function recordOf(answer: Answer): DnsRecord {
  const { name, type, ttl = 0, data } = answer as Answer & { ttl?: number; data: unknown };
  const text = type === 'TXT' && Array.isArray(data) ? data.map(String).join('') : data;
  return { name, ttl, type, data: text } as DnsRecord;
}
