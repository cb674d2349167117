import { joined, known } from './flags.ts';

/** What a flag wants behind it, if it stands in capitals first, and what it is for. */
export type Words = Readonly<Record<string, string>>;

const nodeWords: Words = {
  'max-container-restart-period': 'D: longest wait before a container that fails again and again is started again',
  'shutdown-grace-period': 'D: how long nodes wait for their pods when the process is told to end',
  'shutdown-grace-period-critical-pods': 'D: the last part of it, for critical pods',
  'shutdown-grace-period-by-pod-priority': 'PRIORITY=D,...: a period for each class of priorities instead',
  'eviction-hard': 'SIGNAL<AMOUNT,...: what makes a node send pods away at once',
  'eviction-soft': 'SIGNAL<AMOUNT,...: what makes it send pods away when it lasts',
  'eviction-soft-grace-period': 'SIGNAL=D,...: for how long it has to last',
  'eviction-minimum-reclaim': 'SIGNAL=AMOUNT,...: what more than the threshold has to become free',
  'eviction-max-pod-grace-period': 'SECONDS: what a pod has at most to end, by a soft threshold',
  'eviction-pressure-transition-period': 'D: how long a pressure is told of after it has gone',
  'image-table': 'FILE: what images do',
  programs: 'MODULE: programs of your own by image',
  'strict-images': 'images that nobody knows cannot be pulled',
  'pod-manifest-folder': 'DIR: manifests that nodes run by themselves, in a folder for each',
  'outside-network': 'pods may connect to the world outside of the cluster',
};

const controllerWords: Words = {
  'default-storage-class': 'NAME: a default class made where it is missing; empty: none',
  'enable-dynamic-provisioning': 'BOOL: volumes are made for claims (true)',
  'enable-hostpath-provisioner': 'BOOL: of kubernetes.io/host-path, too (false)',
  'pvclaimbinder-sync-period': 'D: how often claims and volumes that fail are looked at (15s)',
  'horizontal-pod-autoscaler-sync-period': 'D: how often autoscalers look (15s)',
  'horizontal-pod-autoscaler-downscale-stabilization': 'D: how long less has to be enough (5m)',
  'horizontal-pod-autoscaler-cpu-initialization-period': 'D: for how long the use of a new pod may not count (5m)',
  'horizontal-pod-autoscaler-initial-readiness-delay':
    'D: for how long a new pod may become ready again and again (30s)',
  'horizontal-pod-autoscaler-tolerance': 'FRACTION: what makes no difference (0.1)',
};

const componentWords: Words = {
  kubeconfig: 'FILE: the API server, and who comes to it',
  'leader-elect': 'BOOL: one of several works, by a Lease (true)',
  'secure-port': 'PORT: for health and metrics (0: none)',
  'bind-address': 'IP: of that port (127.0.0.1)',
};

const startWords: Words = {
  'data-dir': 'DIR: objects, keys, certificates, kubeconfig',
  storage: 'leveldb or memory, which ends with the process',
  'bind-address': 'IP: where it listens',
  'secure-port': 'PORT: 0 takes a free one',
  'advertise-address': 'IP: what the Service kubernetes points at',
  'kubeconfig-out': 'FILE: of kubernetes-admin (DATA_DIR/kubeconfig)',
  'token-auth-file': 'FILE: CSV of token, user, uid, "groups"',
  'client-ca-file': 'FILE: who signs certificates of clients',
  'tls-cert-file': 'FILE: of the server',
  'tls-private-key-file': 'FILE: of the server',
  'service-account-key-file': 'FILE: verifies tokens; may be given several times',
  'service-account-signing-key-file': 'FILE: signs tokens',
  'service-account-issuer': 'URL: in tokens',
  'requestheader-client-ca-file': 'FILE: who signs certificates of front proxies',
  'requestheader-allowed-names': 'NAMES: of front proxies',
  'requestheader-username-headers': 'NAMES: headers in which a front proxy names users',
  'requestheader-uid-headers': 'NAMES: the same for their uids',
  'requestheader-group-headers': 'NAMES: the same for their groups',
  'requestheader-extra-headers-prefix': 'PREFIXES: the same for what else it says of them',
  'proxy-client-cert-file': 'FILE: shown to aggregated API servers',
  'proxy-client-key-file': 'FILE: shown to aggregated API servers',
  'service-cluster-ip-range': 'CIDR: of Services',
  'service-node-port-range': 'FIRST-LAST: of node ports',
  'enable-admission-plugins': 'NAMES: beside the default ones',
  'disable-admission-plugins': 'NAMES: of the default ones',
  'admission-control-config-file': 'FILE: configures EventRateLimit',
  'default-not-ready-toleration-seconds': 'SECONDS: of pods that say nothing themselves',
  'default-unreachable-toleration-seconds': 'SECONDS: of pods that say nothing themselves',
  'runtime-config': 'PAIRS: api/all=true, storage.k8s.io/v1beta1=true, ...',
  'authorization-mode': 'MODES: Node, RBAC, AlwaysAllow, AlwaysDeny',
  'anonymous-auth': 'BOOL: requests without credentials',
  'event-ttl': 'D: how long an Event lives after its last write',
  'compaction-interval': 'D: history is kept for one to two of these; 0s keeps all',
  'min-request-timeout': 'SECONDS: that a watch lasts at least',
  'max-requests-inflight': 'N: shared out among the priority levels',
  'max-mutating-requests-inflight': 'N: shared out among the priority levels',
  'enable-priority-and-fairness': 'BOOL: false: two bounds hold, for reads and for writes',
  controllers: 'NAMES: *,-job-controller; -* for none',
  scheduler: 'BOOL (true with all controllers)',
  nodes: 'N: simulated nodes in this process (2 where there is a scheduler)',
  'time-factor': 'FACTOR: how fast time passes in simulated containers',
  'dns-port': "PORT: answers with the cluster's names; 0 takes a free one",
  'dns-hosts': 'NAME=IP,...: names outside of the cluster that pods find',
  'ingress-port': 'PORT: for what Ingresses serve',
  'ingress-https-port': 'PORT: for what Ingresses serve with TLS',
  'expose-node-ports': "127.0.0.1 listens at the node ports of Services, and at balancers' addresses",
  'proxy-mode': 'iptables, or userspace, which takes endpoints in turns',
  'log-level': "LEVEL: pino's; JSON lines on stderr",
  ...controllerWords,
  ...nodeWords,
};

/** By command: every flag that it takes. */
export const commandWords: Readonly<Record<string, Words>> = {
  start: startWords,
  'controller-manager': {
    ...componentWords,
    controllers: 'NAMES: *,-job-controller; may be given several times',
    'root-ca-file': 'FILE: for kube-root-ca.crt in each namespace',
    'cluster-signing-cert-file': 'FILE: signs certificates',
    'cluster-signing-key-file': 'FILE: signs certificates',
    'service-account-private-key-file': 'FILE: signs tokens in Secrets',
    'allocate-node-cidrs': 'BOOL: nodes are given addresses for pods',
    'cluster-cidr': 'CIDR: of pods',
    'service-cluster-ip-range': 'CIDR: of Services',
    'cloud-provider': '"" or local, whose load balancers have addresses at once',
    ...controllerWords,
  },
  scheduler: { ...componentWords, config: 'FILE: a KubeSchedulerConfiguration' },
  kubelet: {
    kubeconfig: 'FILE: the API server, and who comes to it',
    'node-name': "NAME: of the node (the machine's); of several the first part of each",
    'hostname-override': 'NAME: the same',
    nodes: 'N: how many (1)',
    address: 'IP: where kubelets listen (127.0.0.1)',
    'node-ip': 'IP: where the API server finds them',
    port: 'PORT: of the first, the next have the next (10250); 0 takes free ones',
    'anonymous-auth': 'BOOL: requests without credentials (false)',
    'authorization-mode': 'Webhook, which asks the API server, or AlwaysAllow',
    'client-ca-file': 'FILE: who signs certificates of clients (what the API server tells)',
    'service-cluster-ip-range': 'CIDR: of Services (what the API server tells)',
    'node-labels': 'KEY=VALUE,...: of the nodes',
    'register-with-taints': 'KEY=VALUE:EFFECT,...: of nodes that are new',
    ...nodeWords,
  },
};

const width = 100;

function defaultOf(flag: string): string {
  const text = (known as Readonly<Record<string, string>>)[flag] ?? '';
  return text === '' ? '' : ` (${text})`;
}

/** Lines of at most `width`, those after the first under it. */
function wrapped(text: string, indent: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > width - indent.length) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join(`\n${indent}`);
}

/** The flags of a command, each with what it is for and its default; undefined when there is no such command. */
export function helpOf(command: string): string | undefined {
  const words = commandWords[command];
  if (words === undefined) return undefined;
  const lines = Object.entries(words).map(([flag, text]) => {
    const [, value = '', rest = text] = /^([^\sa-z]+): (.*)$/.exec(text) ?? [];
    const isMultiple = (joined as readonly string[]).includes(flag);
    const shown = command === 'start' && !isMultiple ? `${rest}${defaultOf(flag)}` : rest;
    const head = `  --${flag}${value === '' ? '' : ` ${value}`}`;
    return shown === '' ? head : `${head}\n      ${wrapped(shown, '      ')}`;
  });
  return `usage: kubefacade ${command} [flags]\n\n${lines.join('\n')}\n`;
}
