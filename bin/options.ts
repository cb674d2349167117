import { parseArgs } from 'node:util';
import type { ControllerManagerOptions } from '../runtime/framework/options.ts';
import { type PluginSelection, pluginSelectionErrors } from '../server/admission/default-plugins.ts';
import { controllerFlags, controllerOptions, type FlagReaders } from './controller-flags.ts';
import { type EntryOptions, entryOptions } from './entry-options.ts';
import { ignored, joined, known, switches } from './flags.ts';
import type { FlowLimits } from './flow-control.ts';
import { type ImagesOptions, imagesOptions } from './images.ts';
import { type NodeLifeOptions, nodeLifeOptions } from './node-life-options.ts';

/** A mistake on the command line: one line on stderr, exit code 2. */
export class UsageError extends Error {}

export interface StartOptions extends EntryOptions {
  readonly dataDir: string;
  readonly storage: 'leveldb' | 'memory';
  readonly bindAddress: string;
  readonly securePort: number;
  readonly advertiseAddress: string | undefined;
  readonly kubeconfigOut: string | undefined;
  readonly tokenAuthFile: string | undefined;
  readonly clientCaFile: string | undefined;
  readonly tlsCertFile: string | undefined;
  readonly tlsPrivateKeyFile: string | undefined;
  readonly serviceAccountKeyFiles: readonly string[];
  readonly serviceAccountSigningKeyFile: string | undefined;
  readonly serviceAccountIssuer: string;
  readonly authorization: AuthorizationOptions;
  readonly requestHeader: RequestHeaderOptions;
  readonly proxyClientCertFile: string | undefined;
  readonly proxyClientKeyFile: string | undefined;
  readonly serviceClusterIPRange: string;
  readonly serviceNodePortRange: { readonly first: number; readonly last: number };
  readonly admissionPlugins: PluginSelection;
  readonly tolerationSeconds: { readonly notReady: number; readonly unreachable: number };
  readonly runtimeConfig: Readonly<Record<string, string>>;
  readonly controllers: readonly string[];
  /** What the flags of single controllers say. */
  readonly controllerOptions: Partial<ControllerManagerOptions>;
  readonly scheduler: boolean;
  /** How many simulated nodes run in this process. */
  readonly nodes: number;
  readonly images: ImagesOptions;
  /** How fast time passes in simulated containers. */
  readonly timeFactor: number;
  readonly nodeLife: NodeLifeOptions;
  /** Manifests that nodes run by themselves, in a folder for each. */
  readonly podManifestFolder: string | undefined;
  /** Whether their pods may connect to the world outside of the cluster. */
  readonly outsideNetwork: boolean;
  /** Made where nodes run; empty: none. */
  readonly defaultStorageClass: string;
  /** Whether localhost of this machine listens at the node ports of Services. */
  readonly exposeNodePorts: boolean;
  readonly proxyMode: 'iptables' | 'userspace';
  readonly eventTtlMs: number;
  readonly compactionIntervalMs: number;
  readonly minRequestTimeoutSeconds: number;
  readonly flowLimits: FlowLimits;
  readonly admissionConfigFile: string | undefined;
  readonly logLevel: string;
  readonly warnings: readonly string[];
}

const authorizationModes = ['AlwaysAllow', 'AlwaysDeny', 'Node', 'RBAC'] as const;
/** In the order in which they are asked. */
export type AuthorizationMode = (typeof authorizationModes)[number];

export interface AuthorizationOptions {
  readonly modes: readonly AuthorizationMode[];
  readonly anonymousAuth: boolean;
}

function parseModes(text: string): AuthorizationMode[] {
  return text.split(',').map((name) => {
    const mode = authorizationModes.find((each) => each === name);
    if (mode === undefined) {
      throw new UsageError(`--authorization-mode: want some of ${authorizationModes.join(', ')}, not ${name}`);
    }
    return mode;
  });
}

function parseBoolean(flag: string, text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new UsageError(`--${flag}: want true or false, not ${text}`);
  return text === 'true';
}

export interface RequestHeaderOptions {
  readonly clientCaFile: string | undefined;
  /** Undefined: none was given, which differs from a list that allows everyone. */
  readonly allowedNames: readonly string[] | undefined;
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
}

/** Go's durations, as far as flags use them: `300ms`, `90s`, `5m`, `1h30m`. */
export function parseDuration(flag: string, text: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text)
    throw new UsageError(`--${flag}: not a duration: ${text}`);
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0), 0);
}

function parsePortRange(text: string): { first: number; last: number } {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  if (!(range.first > 0 && range.first <= range.last && range.last < 65536))
    throw new UsageError(`--service-node-port-range: not a port range: ${text}`);
  return range;
}

function parsePort(flag: string, text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) throw new UsageError(`--${flag}: not a port: ${text}`);
  return port;
}

function parseNumber(flag: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new UsageError(`--${flag}: not a number: ${text}`);
  return Number(text);
}

function parseBool(flag: string, text: string): boolean {
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false;
  throw new UsageError(`--${flag}: want true or false, not ${text}`);
}

function parseFraction(flag: string, text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new UsageError(`--${flag}: not a number: ${text}`);
  return Number(text);
}

function parseTimeFactor(text: string): number {
  const factor = parseFraction('time-factor', text);
  if (factor === 0) throw new UsageError('--time-factor: want a number above 0');
  return factor;
}

export const flagReaders: FlagReaders = { boolean: parseBool, duration: parseDuration, number: parseFraction };

function parseFlowLimits(get: (name: keyof typeof known) => string): FlowLimits {
  const number = (flag: keyof typeof known): number => parseNumber(flag, get(flag));
  const limits = {
    priorityAndFairness: parseBool('enable-priority-and-fairness', get('enable-priority-and-fairness')),
    maxRequestsInFlight: number('max-requests-inflight'),
    maxMutatingRequestsInFlight: number('max-mutating-requests-inflight'),
  };
  if (limits.priorityAndFairness && limits.maxRequestsInFlight + limits.maxMutatingRequestsInFlight === 0)
    throw new UsageError('--max-requests-inflight and --max-mutating-requests-inflight must add up to something');
  return limits;
}

/** `api/all=true,storage.k8s.io/v1beta1=true`. */
function parsePairs(flag: string, text: string): Record<string, string> {
  const pairs = text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [key = '', value = 'true'] = part.split('=', 2);
      if (value !== 'true' && value !== 'false') throw new UsageError(`--${flag}: ${part}: want true or false`);
      return [key, value] as const;
    });
  return Object.fromEntries(pairs);
}

function parsePlugins(values: ReadonlyMap<string, readonly string[]>): PluginSelection {
  const named = (flag: string): string[] =>
    (values.get(flag) ?? []).flatMap((text) => text.split(',')).filter((name) => name !== '');
  const selection = { enable: named('enable-admission-plugins'), disable: named('disable-admission-plugins') };
  const errors = pluginSelectionErrors(selection);
  if (errors.length > 0) throw new UsageError(errors.length === 1 ? `${errors[0]}` : `[${errors.join(', ')}]`);
  return selection;
}

/** Without a CA of another front proxy it is this server's own, by upstream's usual names. */
function parseRequestHeader(values: ReadonlyMap<string, readonly string[]>): RequestHeaderOptions {
  const list = (flag: string): string[] | undefined =>
    values
      .get(`requestheader-${flag}`)
      ?.flatMap((text) => text.split(','))
      .map((name) => name.trim());
  const named = (flag: string, standard: string): string[] => {
    const names = list(flag) ?? [standard];
    if (names.includes('')) throw new UsageError(`--requestheader-${flag}: empty header`);
    return names;
  };
  return {
    clientCaFile: values.get('requestheader-client-ca-file')?.at(-1),
    allowedNames: list('allowed-names')?.filter((name) => name !== ''),
    usernameHeaders: named('username-headers', 'X-Remote-User'),
    uidHeaders: named('uid-headers', 'X-Remote-Uid'),
    groupHeaders: named('group-headers', 'X-Remote-Group'),
    extraHeaderPrefixes: named('extra-headers-prefix', 'X-Remote-Extra-'),
  };
}

// node:util wants to know which flags take values; the others all do, and `--flag value` and `--flag=value` both work.
function rawFlags(args: readonly string[]): { values: Map<string, string[]>; warnings: string[] } {
  const options = Object.fromEntries(
    [...Object.keys(known), ...joined, ...ignored, ...controllerFlags].map((name) => [
      name,
      { type: 'string', multiple: true } as const,
    ]),
  );
  const given = args.map((arg) => (switches.has(arg) ? `${arg}=true` : arg));
  const { tokens } = parseArgs({ args: given, options, strict: false, tokens: true, allowPositionals: true });
  const values = new Map<string, string[]>();
  const warnings: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') throw new UsageError(`unexpected argument: ${token.value}`);
    if (token.kind !== 'option') continue;
    if (ignored.has(token.name)) warnings.push(`--${token.name} has no meaning here and is ignored`);
    else if (!Object.hasOwn(options, token.name)) throw new UsageError(`unknown flag: ${token.rawName}`);
    else if (token.value === undefined) throw new UsageError(`--${token.name}: a value is missing`);
    else values.set(token.name, [...(values.get(token.name) ?? []), token.value]);
  }
  return { values, warnings };
}

const maxNodes = 5000;

function parseProxyMode(text: string): 'iptables' | 'userspace' {
  if (text === 'iptables' || text === 'userspace') return text;
  throw new UsageError(`--proxy-mode: want iptables or userspace, not ${text}`);
}

/** Unless it is said: what schedules has two nodes to schedule to. */
function parseNodes(text: string | undefined, scheduler: boolean): number {
  if (text === undefined) return scheduler ? 2 : 0;
  const count = Number(text);
  if (!/^\d+$/.test(text) || count > maxNodes) throw new UsageError(`--nodes: want 0 to ${maxNodes}, not ${text}`);
  return count;
}

/** Unless it is said: a cluster with all its controllers has a scheduler, a choice of them or the bare API server has none. */
function parseScheduler(text: string | undefined, controllers: readonly string[]): boolean {
  return text === undefined ? controllers.includes('*') : parseBoolean('scheduler', text);
}

/** Throws UsageError. */
export function parseStartOptions(args: readonly string[]): StartOptions {
  const { values, warnings } = rawFlags(args);
  const get = (name: keyof typeof known): string => values.get(name)?.at(-1) ?? known[name];
  const optional = (name: keyof typeof known): string | undefined => (get(name) === '' ? undefined : get(name));
  const storage = get('storage');
  if (storage !== 'leveldb' && storage !== 'memory')
    throw new UsageError(`--storage: want leveldb or memory, not ${storage}`);
  if ((optional('tls-cert-file') === undefined) !== (optional('tls-private-key-file') === undefined)) {
    throw new UsageError('--tls-cert-file and --tls-private-key-file belong together');
  }
  if ((optional('proxy-client-cert-file') === undefined) !== (optional('proxy-client-key-file') === undefined)) {
    throw new UsageError('--proxy-client-cert-file and --proxy-client-key-file belong together');
  }
  const controllers = (values.get('controllers') ?? ['*']).flatMap((text) => text.split(','));
  const scheduler = parseScheduler(optional('scheduler'), controllers);
  return {
    dataDir: get('data-dir'),
    storage,
    bindAddress: get('bind-address'),
    securePort: parsePort('secure-port', get('secure-port')),
    advertiseAddress: optional('advertise-address'),
    kubeconfigOut: optional('kubeconfig-out'),
    tokenAuthFile: optional('token-auth-file'),
    clientCaFile: optional('client-ca-file'),
    tlsCertFile: optional('tls-cert-file'),
    tlsPrivateKeyFile: optional('tls-private-key-file'),
    serviceAccountKeyFiles: (values.get('service-account-key-file') ?? []).flatMap((text) => text.split(',')),
    serviceAccountSigningKeyFile: optional('service-account-signing-key-file'),
    serviceAccountIssuer: get('service-account-issuer'),
    authorization: {
      modes: parseModes(get('authorization-mode')),
      anonymousAuth: parseBoolean('anonymous-auth', get('anonymous-auth')),
    },
    requestHeader: parseRequestHeader(values),
    proxyClientCertFile: optional('proxy-client-cert-file'),
    proxyClientKeyFile: optional('proxy-client-key-file'),
    serviceClusterIPRange: get('service-cluster-ip-range'),
    serviceNodePortRange: parsePortRange(get('service-node-port-range')),
    admissionPlugins: parsePlugins(values),
    tolerationSeconds: {
      notReady: parseNumber('default-not-ready-toleration-seconds', get('default-not-ready-toleration-seconds')),
      unreachable: parseNumber('default-unreachable-toleration-seconds', get('default-unreachable-toleration-seconds')),
    },
    runtimeConfig: parsePairs('runtime-config', (values.get('runtime-config') ?? []).join(',')),
    controllers,
    controllerOptions: controllerOptions((flag) => values.get(flag)?.at(-1), flagReaders),
    scheduler,
    nodes: parseNodes(optional('nodes'), scheduler),
    images: imagesOptions(get, parseBoolean),
    timeFactor: parseTimeFactor(get('time-factor')),
    nodeLife: nodeLifeOptions(get, parseDuration, (why) => new UsageError(why)),
    podManifestFolder: optional('pod-manifest-folder'),
    defaultStorageClass: get('default-storage-class'),
    outsideNetwork: parseBoolean('outside-network', get('outside-network')),
    exposeNodePorts: parseBoolean('expose-node-ports', get('expose-node-ports')),
    proxyMode: parseProxyMode(get('proxy-mode')),
    ...entryOptions(get, parsePort, (why) => new UsageError(why)),
    eventTtlMs: parseDuration('event-ttl', get('event-ttl')),
    compactionIntervalMs: parseDuration('compaction-interval', get('compaction-interval')),
    minRequestTimeoutSeconds: parseNumber('min-request-timeout', get('min-request-timeout')),
    flowLimits: parseFlowLimits(get),
    admissionConfigFile: optional('admission-control-config-file'),
    logLevel: get('log-level'),
    warnings,
  };
}

/** Upstream's rule for `--runtime-config`: the most specific key wins. */
export function servesGroupVersion(
  config: Readonly<Record<string, string>>,
  gv: { readonly group: string; readonly version: string; readonly enabled: boolean },
): boolean {
  const name = gv.group === '' ? gv.version : `${gv.group}/${gv.version}`;
  const level = gv.version.includes('alpha') ? 'api/alpha' : gv.version.includes('beta') ? 'api/beta' : 'api/ga';
  for (const key of [name, gv.group === '' ? 'api/v1' : name, level, 'api/all']) {
    const value = config[key];
    if (value !== undefined) return value === 'true';
  }
  return gv.enabled;
}

/** `*`, `-*`, `name`, `-name`: upstream's rule, the named ones first. */
export function runsController(controllers: readonly string[], name: string): boolean {
  if (controllers.includes(name)) return true;
  if (controllers.includes(`-${name}`)) return false;
  return controllers.includes('*');
}
