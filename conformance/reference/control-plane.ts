import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { attach } from './attach.ts';
import { selfSignedAuthority } from './certificate.ts';
import type { UpOptions } from './options.ts';
import { freePorts, refuseRunning, start, waitUntil } from './processes.ts';
import { ensurePrograms } from './programs.ts';

/** Starts etcd and kube-apiserver, waits until they are ready, then starts what acts on them. Gives the kubeconfig's path. */
export async function up(runFolder: string, options: UpOptions): Promise<string> {
  await ensurePrograms(['etcd', 'kube-apiserver']);
  refuseRunning(runFolder, ['etcd', 'kube-apiserver']);
  const [clientPort = 0, peerPort = 0, freePort = 0] = await freePorts(3);
  const port = options.port === 0 ? freePort : options.port;
  const file = (name: string) => join(runFolder, name);
  rmSync(file('etcd'), { recursive: true, force: true });
  const etcdUrl = `http://127.0.0.1:${clientPort}`;
  const etcd = start(runFolder, 'etcd', [
    `--data-dir=${file('etcd')}`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    '--log-level=error',
  ]);
  const identity = writeIdentity(runFolder);
  const apiserver = start(runFolder, 'kube-apiserver', [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${file('certificates')}`,
    `--tls-cert-file=${file('ca.crt')}`,
    `--tls-private-key-file=${file('ca.key')}`,
    `--client-ca-file=${file('ca.crt')}`,
    `--token-auth-file=${file('tokens.csv')}`,
    '--authorization-mode=Node,RBAC',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${file('service-account.key')}`,
    `--service-account-signing-key-file=${file('service-account.key')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--allow-privileged=true',
    // Aggregated API servers are reached by their endpoints, with the one certificate that there is.
    '--enable-aggregator-routing=true',
    `--requestheader-client-ca-file=${file('ca.crt')}`,
    '--requestheader-allowed-names=kubefacade-reference',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-uid-headers=X-Remote-Uid',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${file('ca.crt')}`,
    `--proxy-client-key-file=${file('ca.key')}`,
    ...options.apiserverFlags,
  ]);
  const isReady = () => answersOk(port, identity);
  await waitUntil('kube-apiserver', isReady, [etcd, apiserver]);
  const kubeconfig = file('kubeconfig');
  writeFileSync(kubeconfig, kubeconfigText(`https://127.0.0.1:${port}`, identity), { mode: 0o600 });
  await attach(runFolder, kubeconfig, options, [
    `--root-ca-file=${file('ca.crt')}`,
    `--cluster-signing-cert-file=${file('ca.crt')}`,
    `--cluster-signing-key-file=${file('ca.key')}`,
    `--service-account-private-key-file=${file('service-account.key')}`,
  ]);
  return kubeconfig;
}

interface Identity {
  readonly token: string;
  readonly certificate: string;
}

function writeIdentity(runFolder: string): Identity {
  mkdirSync(runFolder, { recursive: true });
  const write = (name: string, text: string | Buffer) => writeFileSync(join(runFolder, name), text, { mode: 0o600 });
  const token = randomBytes(16).toString('hex');
  write('tokens.csv', `${token},admin,admin,"system:masters"\n`);
  const serviceAccounts = generateKeyPairSync('rsa', { modulusLength: 2048 });
  write('service-account.key', serviceAccounts.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  write('ca.key', authority.privateKey.export({ type: 'sec1', format: 'pem' }));
  const certificate = selfSignedAuthority(authority.publicKey, authority.privateKey);
  write('ca.crt', certificate);
  return { token, certificate };
}

function kubeconfigText(server: string, { token, certificate }: Identity): string {
  const name = 'reference';
  const authority = Buffer.from(certificate).toString('base64');
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name, context: { cluster: name, user: 'admin' } }],
    'current-context': name,
  });
}

function answersOk(port: number, { token, certificate }: Identity): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}` };
    const asked = request(
      { host: '127.0.0.1', port, path: '/readyz', headers, ca: certificate, agent: false },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
