import { parseIP } from '../../../../api/ip.ts';

/** What of a Corefile is understood. */
export interface ServerBlock {
  readonly port: number;
  readonly hosts: ReadonlyMap<string, readonly string[]>;
}

const dnsPort = 53;

/** Server blocks with their `hosts`; undefined for what is no Corefile. */
export function parseCorefile(text: string): ServerBlock[] | undefined {
  const blocks: ServerBlock[] = [];
  let hosts: Map<string, string[]> | undefined;
  let [depth, isHosts] = [0, false];
  for (const line of text.split('\n').map((each) => each.replace(/#.*/, '').trim())) {
    const words = line.split(/\s+/).filter((word) => word !== '');
    if (words.at(-1) === '{') {
      if (depth === 0) {
        hosts = new Map();
        blocks.push({ port: portOf(words[0] ?? ''), hosts });
      }
      isHosts = depth === 1 && words[0] === 'hosts';
      depth++;
    } else if (line === '}') {
      depth--;
      isHosts = false;
    } else if (isHosts && parseIP(words[0] ?? '') !== undefined) {
      for (const name of words.slice(1).map((each) => each.toLowerCase()))
        hosts?.set(name, [...(hosts.get(name) ?? []), words[0] ?? '']);
    }
    if (depth < 0) return undefined;
  }
  return depth === 0 && blocks.length > 0 ? blocks : undefined;
}

function portOf(key: string): number {
  return Number(/:(\d+)$/.exec(key)?.[1] ?? dnsPort);
}
