import { parseIP } from '../../../api/ip.ts';
import type { MadeDevice } from '../../network/network.ts';
import type { NetworkProcess } from './place.ts';

/** Of CAP_NET_ADMIN. */
const adminBit = 1n << 12n;
/** What nothing has to be connected to. */
const kinds: ReadonlySet<string> = new Set(['dummy', 'bridge']);
const firstIndex = 3;

class Refusal extends Error {
  readonly code: number;

  constructor(message: string, code = 2) {
    super(message);
    this.code = code;
  }
}

const answer = (words: string): Refusal => new Refusal(`RTNETLINK answers: ${words}`);

/** `ip link` and `ip addr` where they change something: devices that programs made may be changed, the pod's own not. */
export function changeDevices(
  subject: string,
  verb: string,
  words: readonly string[],
  process: NetworkProcess,
): number {
  try {
    if ((BigInt(`0x${process.user.capabilities?.effective ?? '0'}`) & adminBit) === 0n)
      throw answer('Operation not permitted');
    if (subject === 'link') changeLink(verb, words, process);
    else if (subject === 'addr') changeAddress(verb, words, process);
    else throw answer('Operation not supported');
    return 0;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.code;
  }
}

function changeLink(verb: string, words: readonly string[], { network, random }: NetworkProcess): void {
  const devices = network.devices();
  const [first = '', second = ''] = words;
  const name = first === 'dev' || first === 'name' ? second : first;
  if (verb === 'add') {
    const kind = words[words.indexOf('type') + 1] ?? '';
    if (name === 'lo' || name === 'eth0' || devices.has(name)) throw answer('File exists');
    if (!words.includes('type') || !kinds.has(kind)) throw answer('Operation not supported');
    const index = Math.max(firstIndex - 1, ...[...devices.values()].map((one) => one.index)) + 1;
    const bytes = Array.from({ length: 5 }, () => Math.floor(random.next() * 256));
    const mac = [2, ...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
    devices.set(name, { name, index, mac, kind, mtu: 1500, isUp: false, addresses: [] });
    return;
  }
  const device = deviceOf(network, name);
  if (verb === 'del' || verb === 'delete') {
    devices.delete(name);
    return;
  }
  if (verb !== 'set') throw answer('Operation not supported');
  if (words.includes('up')) device.isUp = true;
  if (words.includes('down')) device.isUp = false;
  const mtu = words.indexOf('mtu');
  if (mtu >= 0) device.mtu = Number(words[mtu + 1]) || device.mtu;
}

function changeAddress(verb: string, words: readonly string[], { network }: NetworkProcess): void {
  const at = words.indexOf('dev');
  const [given = ''] = words.filter((word, index) => word !== 'local' && index !== at && index !== at + 1);
  const [ip = '', length] = given.split('/');
  const family = parseIP(ip)?.family;
  if (family === undefined) throw new Refusal(`Error: any valid prefix is expected rather than "${given}".`, 1);
  const device = deviceOf(network, words[at + 1] ?? '');
  const known = device.addresses.some(([one]) => one === ip);
  if (verb === 'add' && known) throw answer('File exists');
  if (verb === 'add') device.addresses.push([ip, Number(length ?? (family === 4 ? 32 : 128))]);
  else if (!known) throw answer('Cannot assign requested address');
  else device.addresses = device.addresses.filter(([one]) => one !== ip);
}

function deviceOf(network: NetworkProcess['network'], name: string): MadeDevice {
  const found = network.devices().get(name);
  if (found !== undefined) return found;
  if (name === 'lo' || name === 'eth0') throw answer('Operation not supported');
  throw new Refusal(`Cannot find device "${name}"`, 1);
}
