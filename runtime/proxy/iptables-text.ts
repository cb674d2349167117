import { type Rule, restoreLine, saveLine } from './rule.ts';
import type { ProxyNode, ServiceRules } from './service-rules.ts';

type Line = (chain: string, rule: Rule, isLarge?: boolean) => string;

/** Beyond so many endpoints comments are left out. */
const largeThreshold = 1000;
const mark = '0x4000';

interface Tables {
  readonly natChains: readonly string[];
  readonly natRules: readonly string[];
  readonly filterChains: readonly string[];
  readonly filterRules: readonly string[];
}

function isLargeSet(all: readonly ServiceRules[]): boolean {
  let endpoints = 0;
  for (const { chains } of all) for (const name of chains.keys()) if (name.startsWith('KUBE-SEP-')) endpoints++;
  return endpoints > largeThreshold;
}

function nodePortsJump({ ips }: ProxyNode): Rule {
  const isIPv6 = ips[0]?.includes(':') === true;
  return {
    comment: 'kubernetes service nodeports; NOTE: this must be the last rule in this chain',
    isDestinationLocal: true,
    jump: 'KUBE-NODEPORTS',
    ...(isIPv6 ? { notDestination: '::1' } : {}),
  };
}

function tablesOf(all: readonly ServiceRules[], node: ProxyNode, line: Line, fixed: Fixed): Tables {
  const isLarge = isLargeSet(all);
  const lines = (chain: string, pick: (rules: ServiceRules) => readonly Rule[]): string[] =>
    all.flatMap((rules) => pick(rules).map((rule) => line(chain, rule, isLarge)));
  const own = new Map(all.flatMap(({ chains }) => [...chains]).sort(([a], [b]) => (a < b ? -1 : 1)));
  const isIPv6 = node.ips[0]?.includes(':') === true;
  return {
    natChains: ['KUBE-MARK-MASQ', 'KUBE-NODEPORTS', 'KUBE-POSTROUTING', 'KUBE-SERVICES', ...own.keys()],
    natRules: [
      ...fixed.nat,
      ...lines('KUBE-NODEPORTS', ({ nodePorts }) => nodePorts),
      ...lines('KUBE-SERVICES', ({ services }) => services),
      line('KUBE-SERVICES', nodePortsJump(node)),
      ...[...own].flatMap(([chain, rules]) => rules.map((rule) => line(chain, rule, isLarge))),
    ],
    filterChains: [
      'KUBE-EXTERNAL-SERVICES',
      ...(isIPv6 ? [] : ['KUBE-FIREWALL']),
      'KUBE-FORWARD',
      'KUBE-NODEPORTS',
      'KUBE-PROXY-FIREWALL',
      'KUBE-SERVICES',
    ],
    filterRules: [
      ...lines('KUBE-NODEPORTS', ({ health }) => health),
      ...lines('KUBE-SERVICES', ({ refusedInside }) => refusedInside),
      ...lines('KUBE-EXTERNAL-SERVICES', ({ refusedOutside }) => refusedOutside),
      ...(isIPv6 ? [] : fixed.firewall),
      ...fixed.forward,
      ...lines('KUBE-PROXY-FIREWALL', ({ firewall }) => firewall),
    ],
  };
}

/** Rules that every node has. */
interface Fixed {
  readonly nat: readonly string[];
  readonly firewall: readonly string[];
  readonly forward: readonly string[];
}

const given: Fixed = {
  nat: [
    `-A KUBE-MARK-MASQ -j MARK --or-mark ${mark}`,
    `-A KUBE-POSTROUTING -m mark ! --mark ${mark}/${mark} -j RETURN`,
    `-A KUBE-POSTROUTING -j MARK --xor-mark ${mark}`,
    '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE',
  ],
  firewall: [
    '-A KUBE-FIREWALL -m comment --comment "block incoming localnet connections" -d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP',
  ],
  forward: [
    '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
    `-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark ${mark}/${mark} -j ACCEPT`,
    '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  ],
};

const printed: Fixed = {
  nat: [
    `-A KUBE-MARK-MASQ -j MARK --set-xmark ${mark}/${mark}`,
    `-A KUBE-POSTROUTING -m mark ! --mark ${mark}/${mark} -j RETURN`,
    `-A KUBE-POSTROUTING -j MARK --set-xmark ${mark}/0x0`,
    '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
  ],
  firewall: [
    '-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP',
  ],
  forward: given.forward,
};

const natJumps = [
  '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
  '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
  '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
];

function filterJumps(isIPv6: boolean): string[] {
  const fresh = '-m conntrack --ctstate NEW -m comment --comment';
  const firewall = `${fresh} "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL`;
  const outside = `${fresh} "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES`;
  const inside = `${fresh} "kubernetes service portals" -j KUBE-SERVICES`;
  return [
    `-A INPUT ${firewall}`,
    '-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS',
    `-A INPUT ${outside}`,
    ...(isIPv6 ? [] : ['-A INPUT -j KUBE-FIREWALL']),
    `-A FORWARD ${firewall}`,
    '-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD',
    `-A FORWARD ${inside}`,
    `-A FORWARD ${outside}`,
    `-A OUTPUT ${firewall}`,
    `-A OUTPUT ${inside}`,
    ...(isIPv6 ? [] : ['-A OUTPUT -j KUBE-FIREWALL']),
  ];
}

const zero = (chain: string): string => `:${chain} - [0:0]`;
const accept = (chain: string): string => `:${chain} ACCEPT [0:0]`;

/** What kube-proxy gives to iptables-restore. */
export function restoreText(all: readonly ServiceRules[], node: ProxyNode): string {
  const { natChains, natRules, filterChains, filterRules } = tablesOf(all, node, restoreLine, given);
  const lines = [
    '*filter',
    ...filterChains.map(zero),
    ...filterRules,
    'COMMIT',
    '*nat',
    ...natChains.map(zero),
    ...natRules,
    'COMMIT',
  ];
  return `${lines.join('\n')}\n`;
}

/** What iptables-save prints on the node; `date` as in its first line. */
export function saveText(all: readonly ServiceRules[], node: ProxyNode, date: string): string {
  const { natChains, natRules, filterChains, filterRules } = tablesOf(all, node, saveLine, printed);
  const isIPv6 = node.ips[0]?.includes(':') === true;
  const tool = isIPv6 ? 'ip6tables-save' : 'iptables-save';
  const begin = `# Generated by ${tool} v1.8.9 on ${date}`;
  const end = ['COMMIT', `# Completed on ${date}`];
  const lines = [
    begin,
    '*filter',
    ...['INPUT', 'FORWARD', 'OUTPUT'].map(accept),
    ...filterChains.map(zero),
    ...filterJumps(isIPv6),
    ...filterRules,
    ...end,
    begin,
    '*nat',
    ...['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'].map(accept),
    ...natChains.map(zero),
    ...natJumps,
    ...natRules,
    ...end,
  ];
  return `${lines.join('\n')}\n`;
}
