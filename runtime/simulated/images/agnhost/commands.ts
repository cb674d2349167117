import { boolFlag, durationFlag, intFlag, stringFlag } from '../go-command.ts';
import type { AgnhostCommand } from './command.ts';

const certificate = { 'tls-cert-file': stringFlag(''), 'tls-private-key-file': stringFlag('') };

/** What agnhost can do, by name. */
export const commands: Readonly<Record<string, AgnhostCommand>> = {
  'audit-proxy': {
    short: 'Listens on port 8080 for incoming audit events',
    load: async () => (await import('./absent.ts')).absent('audit-proxy'),
  },
  completion: {
    short: 'Generate the autocompletion script for the specified shell',
    accepts: { words: 1, isExact: false },
    load: async () => (await import('./absent.ts')).absent('completion'),
  },
  connect: {
    short: 'Attempts a TCP, UDP or SCTP connection and returns useful errors',
    accepts: { words: 1, isExact: true },
    flags: {
      timeout: durationFlag(0),
      protocol: stringFlag('tcp'),
      'udp-data': stringFlag('hostname'),
      'sctp-data': stringFlag('hostname'),
    },
    load: async () => (await import('./connect.ts')).connect,
  },
  'crd-conversion-webhook': {
    short: 'Starts HTTP server on port 443 for testing CustomResourceConversionWebhook',
    flags: { ...certificate, port: intFlag(443) },
    load: async () => (await import('./conversion.ts')).conversionWebhook,
  },
  'dns-server-list': {
    short: "Prints the host's DNS Server list",
    load: async () => (await import('./print.ts')).dnsServerList,
  },
  'dns-suffix': {
    short: "Prints the host's DNS suffix list",
    load: async () => (await import('./print.ts')).dnsSuffix,
  },
  'entrypoint-tester': {
    short: "Prints the args it's passed and exits",
    accepts: { words: 1000, isExact: false },
    load: async () => (await import('./print.ts')).entrypointTester,
  },
  'etc-hosts': {
    short: "Prints the host's /etc/hosts file",
    load: async () => (await import('./print.ts')).etcHosts,
  },
  'external-metrics': {
    short: 'Starts an external metrics server for testing',
    load: async () => (await import('./absent.ts')).absent('external-metrics'),
  },
  'fake-gitserver': {
    short: 'Fakes a git server',
    load: async () => (await import('./simple-servers.ts')).fakeGitServer,
  },
  'fake-registry-server': {
    short: 'Starts a fake registry server for testing',
    load: async () => (await import('./absent.ts')).absent('fake-registry-server'),
  },
  'grpc-health-checking': {
    short: 'Starts a simple grpc health checking endpoint',
    flags: {
      ...certificate,
      port: intFlag(5000),
      'http-port': intFlag(8080),
      'delay-unhealthy-sec': intFlag(-1),
      service: stringFlag(''),
    },
    load: async () => (await import('./grpc-health.ts')).grpcHealthChecking,
  },
  guestbook: {
    short: 'Creates a HTTP server with various endpoints representing a guestbook app',
    flags: { 'http-port': stringFlag('80'), 'backend-port': stringFlag('6379'), replicaof: stringFlag('') },
    load: async () => (await import('./guestbook.ts')).guestbook,
  },
  inclusterclient: {
    short: 'Periodically poll the Kubernetes "/healthz" endpoint',
    flags: { 'poll-interval': intFlag(30) },
    load: async () => (await import('./in-cluster.ts')).inClusterClient,
  },
  liveness: {
    short: 'Starts a server that is alive for 10 seconds',
    load: async () => (await import('./simple-servers.ts')).liveness,
  },
  'logs-generator': {
    short: 'Outputs lines of logs to stdout uniformly',
    flags: {
      'log-lines-total': { ...intFlag(0), short: 't' },
      'run-duration': { ...durationFlag(0), short: 'd' },
    },
    load: async () => (await import('./logs-generator.ts')).logsGenerator,
  },
  mounttest: {
    short: 'Creates files with given permissions and outputs FS type, owner, mode, permissions, contents of files',
    flags: {
      fs_type: stringFlag(''),
      file_mode: stringFlag(''),
      file_perm: stringFlag(''),
      file_owner: stringFlag(''),
      new_file_0644: stringFlag(''),
      new_file_0666: stringFlag(''),
      new_file_0660: stringFlag(''),
      new_file_0777: stringFlag(''),
      file_content: stringFlag(''),
      file_content_in_loop: stringFlag(''),
      retry_time: intFlag(180),
      break_on_expected_content: boolFlag(true),
    },
    load: async () => (await import('./mounttest.ts')).mounttest,
  },
  mtlsclient: {
    short: 'Client is configured to build mTLS with server',
    flags: {
      'fetch-url': stringFlag(''),
      'server-trust-bundle': stringFlag(''),
      'client-cred-bundle': stringFlag(''),
    },
    load: async () => (await import('./mtls.ts')).mtlsClient,
  },
  mtlsserver: {
    short: "Server is configured to build mTLS with client and echo client's spiffe identity",
    flags: { listen: stringFlag(''), 'server-creds': stringFlag(''), 'spiffe-trust-bundle': stringFlag('') },
    load: async () => (await import('./mtls.ts')).mtlsServer,
  },
  net: {
    short: 'Creates webserver or runner for various networking tests',
    load: async () => (await import('./absent.ts')).absent('net'),
  },
  netexec: {
    short: 'Creates HTTP(S), UDP, and (optionally) SCTP servers with various endpoints',
    flags: {
      ...certificate,
      'http-port': intFlag(8080),
      'udp-port': intFlag(8081),
      'sctp-port': intFlag(-1),
      'http-override': stringFlag(''),
      'udp-listen-addresses': stringFlag(''),
      'delay-shutdown': intFlag(0),
    },
    load: async () => (await import('./netexec.ts')).netexec,
  },
  nettest: {
    short: 'Starts a tiny web server for checking networking connectivity',
    flags: {
      port: intFlag(8080),
      peers: intFlag(8),
      service: stringFlag('nettest'),
      namespace: stringFlag('default'),
      'delay-shutdown': intFlag(0),
    },
    load: async () => (await import('./nettest.ts')).nettest,
  },
  'no-snat-test': {
    short: 'Creates the /checknosnat and /whoami endpoints',
    flags: { port: stringFlag('8080') },
    load: async () => (await import('./no-snat.ts')).noSnatTest,
  },
  'no-snat-test-proxy': {
    short: 'Creates a proxy for the /checknosnat endpoint',
    flags: { port: stringFlag('31235') },
    load: async () => (await import('./no-snat.ts')).noSnatTestProxy,
  },
  nonewprivs: {
    short: 'Prints the UID of the running process',
    load: async () => (await import('./print.ts')).effectiveUser,
  },
  pause: {
    short: 'Pauses the execution',
    load: async () => (await import('./pause.ts')).pause,
  },
  podcertificatesigner: {
    short: 'Sign PodCertificateRequests addressed to a given signer',
    load: async () => (await import('./absent.ts')).absent('podcertificatesigner'),
  },
  'port-forward-tester': {
    short: 'Creates a TCP server that sends chunks of data',
    load: async () => (await import('./port-forward.ts')).portForwardTester,
  },
  porter: {
    short: 'Serves requested data on ports specified in ENV variables',
    flags: { 'json-response': boolFlag(false) },
    load: async () => (await import('./porter.ts')).porter,
  },
  'resource-consumer-controller': {
    short: 'Starts a HTTP server that spreads requests around resource consumers',
    flags: {
      port: intFlag(8080),
      'consumer-port': intFlag(8080),
      'consumer-service-name': stringFlag('resource-consumer'),
      'consumer-service-namespace': stringFlag('default'),
    },
    load: async () => (await import('./consumer-controller.ts')).consumerController,
  },
  'serve-hostname': {
    short: 'Serves the hostname',
    flags: {
      tcp: boolFlag(false),
      udp: boolFlag(false),
      http: boolFlag(true),
      close: boolFlag(false),
      port: intFlag(9376),
    },
    load: async () => (await import('./serve-hostname.ts')).serveHostname,
  },
  stress: {
    short: 'Lightweight compute resource stress utlity',
    flags: {
      'mem-total': stringFlag('0'),
      'mem-alloc-size': stringFlag('4Ki'),
      'mem-alloc-sleep': durationFlag(1),
      cpus: intFlag(0),
    },
    load: async () => (await import('./pause.ts')).stress,
  },
  'tcp-reset': {
    short: 'Serves on a tcp port and RST the connections received',
    flags: { port: intFlag(8080) },
    load: async () => (await import('./simple-servers.ts')).tcpReset,
  },
  'test-service-account-issuer-discovery': {
    short: 'Tests the ServiceAccountIssuerDiscovery feature',
    flags: { 'token-path': stringFlag(''), audience: stringFlag('') },
    load: async () => (await import('./issuer-discovery.ts')).issuerDiscovery,
  },
  'test-webserver': {
    short: 'Starts a simple HTTP fileserver',
    flags: { port: intFlag(80) },
    load: async () => (await import('./simple-servers.ts')).testWebserver,
  },
  webhook: {
    short: 'Starts a HTTP server, useful for testing MutatingAdmissionWebhook and ValidatingAdmissionWebhook',
    flags: { ...certificate, port: intFlag(443), 'sidecar-image': stringFlag('') },
    load: async () => (await import('./webhook.ts')).webhook,
  },
};
