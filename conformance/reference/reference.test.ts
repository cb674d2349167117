import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { selfSignedAuthority } from './certificate.ts';
import { parseCommand } from './options.ts';
import { freePorts, stopAll } from './processes.ts';
import { programNames, UsageError } from './programs.ts';

test('up publishes service accounts alone by default and passes flags on', async (t) => {
  t.same(parseCommand(['up', '--port', '7443', '--', '--feature-gates=A=true', '--port']), {
    name: 'up',
    runFolder: undefined,
    options: {
      controllers: 'serviceaccount-controller,root-ca-certificate-publisher-controller',
      scheduler: false,
      kwokNodes: 0,
      port: 7443,
      apiserverFlags: ['--feature-gates=A=true', '--port'],
    },
  });
  t.match(parseCommand(['up', '--controllers', 'none']), { options: { controllers: undefined, port: 0 } });
});

test('controllers are named as for the controller manager', async (t) => {
  const controllersOf = (...args: string[]) => {
    const command = parseCommand(['attach', '--kubeconfig', 'f', ...args]);
    return command.name === 'attach' ? command.options.controllers : t.fail('another command');
  };
  t.equal(controllersOf('--controllers', '--scheduler'), 'all');
  t.equal(controllersOf('--controllers'), 'all');
  t.equal(controllersOf('--controllers', '*,-ttl-controller'), '*,-ttl-controller');
  t.equal(controllersOf('--controllers', '-a,b'), '-a,b');
  t.equal(controllersOf('--controllers=all'), 'all');
  t.equal(controllersOf('--scheduler'), undefined);
});

test('mistakes on the command line are told', async (t) => {
  for (const [args, message] of [
    [[], /^node conformance/],
    [['restart'], /^node conformance/],
    [['build', 'etcdd'], /no program etcdd: there are kube-apiserver, etcd/],
    [['up', '--kubeconfig', 'f'], /--kubeconfig is not for this command/],
    [['up', '--kwok-nodes', 'two'], /--kwok-nodes: not a number: two/],
    [['attach', '--scheduler'], /attach needs --kubeconfig/],
    [['attach', '--kubeconfig', 'f'], /at least one of/],
    [['down', '--', '--x'], /only "up" passes flags on/],
    [['down', '--surprise'], /surprise/],
  ] as const) {
    try {
      t.fail(`${args.join(' ')} gives ${JSON.stringify(parseCommand(args))}`);
    } catch (error) {
      t.ok(error instanceof UsageError && message.test(error.message), `${args.join(' ')}: ${String(error)}`);
    }
  }
  t.same(parseCommand(['build']), { name: 'build', programs: programNames });
});

test('the certificate is an authority that signed itself, for loopback', async (t) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = new X509Certificate(selfSignedAuthority(publicKey, privateKey));
  t.ok(certificate.ca);
  t.ok(certificate.verify(publicKey));
  t.ok(certificate.checkIssued(certificate));
  t.ok(certificate.checkPrivateKey(createPrivateKey(privateKey.export({ type: 'sec1', format: 'pem' }))));
  t.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
  t.equal(certificate.checkHost('localhost'), 'localhost');
  t.ok(certificate.validFromDate.getTime() < Date.now() && certificate.validToDate.getTime() > Date.now());
});

test('down leaves a process alone whose id was a program of ours before', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reference-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  // This very process: were it taken for etcd, the test would not end well.
  writeFileSync(join(folder, 'etcd.pid'), String(process.pid));
  if (process.platform === 'linux') t.same(await stopAll(folder), []);
  t.same(await stopAll(join(folder, 'missing')), []);
});

test('free ports are different ones', async (t) => {
  const ports = await freePorts(3);
  t.equal(new Set(ports).size, 3);
  t.notOk(ports.includes(0));
});
