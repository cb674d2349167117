import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import t from 'tap';
import { parse } from 'yaml';
import { openIdentity } from './identity.ts';
import { kubeconfig, writeKubeconfig } from './kubeconfig.ts';
import { openPki, type Pki } from './pki.ts';

const now = Date.now();
const day = 24 * 60 * 60 * 1000;
const at = (ms: number) => ({ now: () => ms });
const addresses = ['127.0.0.1', '10.96.0.1', '192.0.2.7', '2001:db8::0:7', '0.0.0.0'];

await t.test(
  'a new directory gets a CA and certificates that it signed, with private keys for the owner alone',
  async (t) => {
    const directory = join(t.testdir(), 'pki');
    const pki = await openPki({ directory, clock: at(now), addresses });
    const ca = new X509Certificate(pki.ca.certificate);
    t.ok(ca.ca);
    for (const { certificate } of [pki.serving, pki.admin]) {
      const x509 = new X509Certificate(certificate);
      t.ok(x509.checkIssued(ca) && x509.verify(ca.publicKey));
      t.notOk(x509.ca);
    }
    t.match(new X509Certificate(pki.admin.certificate).subject, 'O=system:masters\nCN=kubernetes-admin');
    t.same(new X509Certificate(pki.serving.certificate).subjectAltName?.split(', '), [
      'DNS:kubernetes',
      'DNS:kubernetes.default',
      'DNS:kubernetes.default.svc',
      'DNS:kubernetes.default.svc.cluster.local',
      'DNS:localhost',
      'IP Address:127.0.0.1',
      'IP Address:0:0:0:0:0:0:0:1',
      'IP Address:10.96.0.1',
      'IP Address:192.0.2.7',
      'IP Address:2001:DB8:0:0:0:0:0:7',
    ]);
    for (const name of await readdir(directory)) {
      const mode = (await stat(join(directory, name))).mode & 0o777;
      t.equal(mode, name.endsWith('.key') ? 0o600 : 0o644, name);
    }
  },
);

await t.test('OpenSSL accepts the chains for their purposes', async (t) => {
  const directory = join(t.testdir(), 'pki');
  await openPki({ directory, clock: at(now), addresses });
  for (const [purpose, file] of [
    ['sslserver', 'apiserver.crt'],
    ['sslclient', 'admin.crt'],
  ] as const) {
    const args = [
      'verify',
      '-x509_strict',
      '-purpose',
      purpose,
      '-CAfile',
      join(directory, 'ca.crt'),
      join(directory, file),
    ];
    const verified = spawnSync('openssl', args, { encoding: 'utf8' });
    if (verified.error === undefined) t.equal(verified.stdout, `${join(directory, file)}: OK\n`, verified.stderr);
    else t.pass('openssl', { skip: 'there is no openssl here: its verdict was NOT asked for' });
  }
});

await t.test('a client and a server with these certificates trust each other', async (t) => {
  const pki = await openPki({ directory: join(t.testdir(), 'pki'), clock: at(now), addresses });
  const server = createServer({
    cert: pki.serving.certificate,
    key: pki.serving.key,
    ca: pki.ca.certificate,
    requestCert: true,
    rejectUnauthorized: true,
  });
  const accepted = new Promise<TLSSocket>((resolve) => server.once('secureConnection', resolve));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const client = connect({
    port,
    host: '127.0.0.1',
    ca: pki.ca.certificate,
    cert: pki.admin.certificate,
    key: pki.admin.key,
  });
  const socket = await accepted;
  t.same({ ...socket.getPeerCertificate().subject }, { O: 'system:masters', CN: 'kubernetes-admin' });
  client.destroy();
  socket.destroy();
});

await t.test('a directory opened again keeps what still fits and remakes the rest', async (t) => {
  const directory = join(t.testdir(), 'pki');
  const first = await openPki({ directory, clock: at(now), addresses });
  const changed = (pki: Pki) => ({
    ca: pki.ca.certificate !== first.ca.certificate,
    serving: pki.serving.certificate !== first.serving.certificate,
    admin: pki.admin.certificate !== first.admin.certificate,
    serviceAccountKey: pki.serviceAccountKey !== first.serviceAccountKey,
  });
  const none = { ca: false, serving: false, admin: false, serviceAccountKey: false };
  t.same(changed(await openPki({ directory, clock: at(now + day), addresses })), none);
  t.same(
    changed(await openPki({ directory, clock: at(now + day), addresses: [...addresses, '192.0.2.8'] })),
    { ...none, serving: true },
    'another address',
  );
  t.same(
    changed(await openPki({ directory, clock: at(now + 340 * day), addresses })),
    { ...none, serving: true, admin: true },
    'certificates that end soon',
  );
  await writeFile(join(directory, 'ca.key'), await readFile(join(directory, 'admin.key')));
  t.same(
    changed(await openPki({ directory, clock: at(now), addresses })),
    { ca: true, serving: true, admin: true, serviceAccountKey: false },
    'a key that is not the certificate’s',
  );
});

await t.test('the kubeconfig embeds all it needs and is for its owner alone', async (t) => {
  const directory = t.testdir();
  const pki = await openPki({ directory: join(directory, 'pki'), clock: at(now), addresses });
  const options = { server: 'https://127.0.0.1:6443', certificateAuthority: pki.ca.certificate, client: pki.admin };
  const path = join(directory, 'deep', 'kubeconfig');
  await writeKubeconfig(path, options);
  await writeKubeconfig(path, options);
  t.equal((await stat(path)).mode & 0o777, 0o600);
  t.same(await readdir(join(directory, 'deep')), ['kubeconfig']);
  t.equal(await readFile(path, 'utf8'), kubeconfig(options));
  const config = parse(await readFile(path, 'utf8'));
  t.equal(config['current-context'], 'kubefacade');
  t.equal(config.clusters[0].cluster.server, 'https://127.0.0.1:6443');
  t.equal(Buffer.from(config.users[0].user['client-key-data'], 'base64').toString(), pki.admin.key);
});

await t.test('files given by flags take the place of what the directory holds', async (t) => {
  const directory = t.testdir({ 'bad.pem': 'nonsense' });
  const own = join(directory, 'own');
  const file = (name: string) => join(directory, 'given', name);
  const given = await openPki({ directory: join(directory, 'given'), clock: at(now), addresses });
  const options = { directory: own, clock: at(now), addresses };
  const plain = await openIdentity(options);
  t.equal(plain.serving, plain.pki.serving);
  t.same(plain.serviceAccountKeys, [plain.pki.serviceAccountKey]);
  t.equal(plain.clientCa, plain.pki.ca.certificate);
  const identity = await openIdentity({
    ...options,
    tlsCertFile: file('apiserver.crt'),
    tlsPrivateKeyFile: file('apiserver.key'),
    clientCaFile: file('ca.crt'),
    serviceAccountSigningKeyFile: file('sa.key'),
    serviceAccountKeyFiles: [file('sa.pub'), join(own, 'sa.pub')],
  });
  t.same(identity.serving, given.serving);
  t.equal(identity.servingCa, given.serving.certificate);
  t.equal(identity.clientCa, plain.pki.ca.certificate + given.ca.certificate);
  t.equal(identity.serviceAccountSigningKey, given.serviceAccountKey);
  t.equal(identity.serviceAccountKeys.length, 2);
  const fails = (flags: object, message: string | RegExp) =>
    t.rejects(openIdentity({ ...options, ...flags }), { message });
  await fails({ tlsCertFile: file('ca.crt') }, '--tls-cert-file and --tls-private-key-file must be given together');
  await fails(
    { tlsCertFile: file('ca.crt'), tlsPrivateKeyFile: file('admin.key') },
    /does not belong to --tls-cert-file/,
  );
  await fails({ clientCaFile: join(directory, 'bad.pem') }, /^--client-ca-file .*bad\.pem: [^\n]+$/);
  await fails({ clientCaFile: file('none') }, /^--client-ca-file .*none: ENOENT: [^\n]+$/);
});
