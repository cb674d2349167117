import type { Address } from '../network/network.ts';
import type { ProxyProtocol } from './service-port.ts';

/** One rule of a chain: what it matches, then what it does. */
export interface Rule {
  readonly comment?: string;
  /** One of many of its kind: where there are very many, its comment is left out. */
  readonly isMinor?: boolean;
  readonly protocol?: ProxyProtocol;
  /** An address or a range. */
  readonly source?: string;
  readonly notSource?: string;
  readonly isSourceLocal?: boolean;
  readonly destination?: string;
  readonly notDestination?: string;
  readonly isDestinationLocal?: boolean;
  readonly port?: number;
  /** One in so many, by chance. */
  readonly oneIn?: number;
  /** With seconds: who was put on that list so recently; without: is put on it. */
  readonly recent?: { readonly list: string; readonly seconds?: number };
  /** A chain, DROP, REJECT or ACCEPT; nothing: matches are only counted. */
  readonly jump?: string;
  readonly translate?: Address;
}

export const markMasquerade = 'KUBE-MARK-MASQ';

function isWhole(value: string): boolean {
  return value.includes('/');
}

function withPrefix(value: string): string {
  if (isWhole(value)) return value;
  return value.includes(':') ? `${value}/128` : `${value}/32`;
}

function endText({ ip, port }: Address): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function actionText({ jump, translate }: Rule, reject: string): string[] {
  if (translate !== undefined) return ['-j DNAT', `--to-destination ${endText(translate)}`];
  if (jump === undefined) return [];
  return jump === 'REJECT' ? [`-j REJECT${reject}`] : [`-j ${jump}`];
}

/** As kube-proxy gives it to iptables-restore. */
export function restoreLine(chain: string, rule: Rule, isLarge = false): string {
  const { comment, isMinor, protocol, source, notSource, destination, port, oneIn, recent } = rule;
  const kind = protocol?.toLowerCase();
  const parts = [`-A ${chain}`];
  if (comment !== undefined && !(isLarge && isMinor === true))
    parts.push(`-m comment --comment ${comment.includes(' ') ? `"${comment}"` : comment}`);
  if (rule.isDestinationLocal === true) parts.push('-m addrtype --dst-type LOCAL');
  if (rule.notDestination !== undefined) parts.push(`! -d ${withPrefix(rule.notDestination)}`);
  if (oneIn !== undefined) parts.push(`-m statistic --mode random --probability ${(1 / oneIn).toFixed(10)}`);
  if (recent !== undefined)
    parts.push(
      `-m recent --name ${recent.list} ${recent.seconds === undefined ? '--set' : `--rcheck --seconds ${recent.seconds} --reap`}`,
    );
  if (kind !== undefined) parts.push(`-m ${kind} -p ${kind}`);
  if (destination !== undefined) parts.push(`-d ${destination}`);
  if (port !== undefined) parts.push(`--dport ${port}`);
  if (source !== undefined) parts.push(`-s ${source}`);
  if (notSource !== undefined) parts.push(`! -s ${notSource}`);
  if (rule.isSourceLocal === true) parts.push('-m addrtype --src-type LOCAL');
  return [...parts, ...actionText(rule, '')].join(' ');
}

/** The kernel keeps probabilities as 31 bits. */
function keptProbability(oneIn: number): string {
  return (Math.round(Number((1 / oneIn).toFixed(10)) * 2 ** 31) / 2 ** 31).toFixed(11);
}

/** As iptables-save prints it. */
export function saveLine(chain: string, rule: Rule, isLarge = false): string {
  const { comment, isMinor, protocol, source, notSource, destination, port, oneIn, recent } = rule;
  const kind = protocol?.toLowerCase();
  const isIPv6 = [source, notSource, destination, rule.translate?.ip].some((text) => text?.includes(':'));
  const parts = [`-A ${chain}`];
  if (source !== undefined) parts.push(`-s ${withPrefix(source)}`);
  if (notSource !== undefined) parts.push(`! -s ${withPrefix(notSource)}`);
  if (destination !== undefined) parts.push(`-d ${withPrefix(destination)}`);
  if (rule.notDestination !== undefined) parts.push(`! -d ${withPrefix(rule.notDestination)}`);
  if (kind !== undefined) parts.push(`-p ${kind}`);
  if (comment !== undefined && !(isLarge && isMinor === true))
    parts.push(`-m comment --comment ${/^[\w-]+$/.test(comment) ? comment : `"${comment}"`}`);
  if (rule.isDestinationLocal === true) parts.push('-m addrtype --dst-type LOCAL');
  if (rule.isSourceLocal === true) parts.push('-m addrtype --src-type LOCAL');
  if (oneIn !== undefined) parts.push(`-m statistic --mode random --probability ${keptProbability(oneIn)}`);
  if (recent !== undefined) {
    const what = recent.seconds === undefined ? '--set' : `--rcheck --seconds ${recent.seconds} --reap`;
    const mask = isIPv6 ? 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' : '255.255.255.255';
    parts.push(`-m recent ${what} --name ${recent.list} --mask ${mask} --rsource`);
  }
  if (kind !== undefined) parts.push(`-m ${kind}`);
  if (port !== undefined) parts.push(`--dport ${port}`);
  return [...parts, ...actionText(rule, ` --reject-with icmp${isIPv6 ? '6' : ''}-port-unreachable`)].join(' ');
}
