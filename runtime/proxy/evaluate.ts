import { contains, parseCIDR, parseIP } from '../../api/ip.ts';
import type { Address, Flow, Verdict } from '../network/network.ts';
import { markMasquerade, type Rule } from './rule.ts';
import type { ProxyNode, ServiceRules } from './service-rules.ts';

/** What a walk through rules asks that they do not say. */
export interface WalkDeps {
  /** Whether this one in so many is taken, of `position` rules of its chain that were asked before. */
  takes(chain: string, position: number, oneIn: number): boolean;
  /** Who was there lately. */
  readonly recent: RecentLists;
}

export interface RecentLists {
  has(list: string, ip: string, seconds: number): boolean;
  add(list: string, ip: string): void;
}

export function isLocalTo(node: ProxyNode, ip: string): boolean {
  return ip.startsWith('127.') || ip === '::1' || node.ips.includes(ip);
}

function isIn(ip: string, range: string): boolean {
  if (!range.includes('/')) return range === ip;
  const parsed = parseIP(ip);
  const of = parseCIDR(range);
  return parsed !== undefined && of !== undefined && contains(of, parsed);
}

function matches(rule: Rule, { protocol, from, to }: Flow, node: ProxyNode): boolean {
  if (rule.protocol !== undefined && rule.protocol !== protocol) return false;
  if (rule.port !== undefined && rule.port !== to.port) return false;
  if (rule.destination !== undefined && rule.destination !== to.ip) return false;
  if (rule.isDestinationLocal === true && !isLocalTo(node, to.ip)) return false;
  if (rule.isSourceLocal === true && !isLocalTo(node, from.ip)) return false;
  if (rule.source !== undefined && !isIn(from.ip, rule.source)) return false;
  return rule.notSource === undefined || !isIn(from.ip, rule.notSource);
}

interface Walk {
  readonly flow: Flow;
  readonly node: ProxyNode;
  readonly chains: ServiceRules['chains'];
  isMarked: boolean;
}

/** Where the chain sends the flow; nothing when it returns. */
function walk(chain: string, rules: readonly Rule[], state: Walk, deps: WalkDeps): Address | undefined {
  let position = 0;
  for (const rule of rules) {
    if (!matches(rule, state.flow, state.node)) continue;
    if (rule.oneIn !== undefined && !deps.takes(chain, position++, rule.oneIn)) continue;
    const { recent } = rule;
    if (recent?.seconds !== undefined && !deps.recent.has(recent.list, state.flow.from.ip, recent.seconds)) continue;
    if (recent !== undefined && recent.seconds === undefined) deps.recent.add(recent.list, state.flow.from.ip);
    if (rule.translate !== undefined) return rule.translate;
    if (rule.jump === markMasquerade) state.isMarked = true;
    else if (rule.jump !== undefined) {
      const end = walk(rule.jump, state.chains.get(rule.jump) ?? [], state, deps);
      if (end !== undefined) return end;
    }
  }
  return undefined;
}

/** What the rules of one port do with the first packet of a flow at a node. */
export function evaluate(rules: ServiceRules, flow: Flow, node: ProxyNode, deps: WalkDeps): Verdict {
  const state: Walk = { flow, node, chains: rules.chains, isMarked: false };
  const isHere = isLocalTo(node, flow.to.ip);
  // On IPv6, localhost has no node ports.
  const nodePorts = isHere && flow.to.ip !== '::1' ? rules.nodePorts : [];
  const to = walk('KUBE-SERVICES', [...rules.services, ...nodePorts], state, deps);
  if (to !== undefined) return state.isMarked ? { to, masquerade: true } : { to };
  // INPUT, FORWARD and OUTPUT do not jump to the same chains.
  const isFromHere = isLocalTo(node, flow.from.ip);
  const inside = isHere && !isFromHere ? [] : rules.refusedInside;
  const outside = isFromHere && !isHere ? [] : rules.refusedOutside;
  const refusal = [...rules.firewall, ...outside, ...inside].find((rule) => matches(rule, flow, node));
  if (refusal === undefined) return 'accept';
  return refusal.jump === 'REJECT' ? 'reject' : 'drop';
}
