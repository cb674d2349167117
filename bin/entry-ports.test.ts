import { X509Certificate } from 'node:crypto';
import { promises } from 'node:dns';
import { test } from 'tap';
import { createOutside } from '../runtime/dns/outside.ts';
import { openDnsPort } from './dns-port.ts';
import { entryOptions } from './entry-options.ts';
import { fallbackCertificate } from './entry-ports.ts';

test('a port of the machine answers with names, long answers over TCP', async (t) => {
  const many = Array.from({ length: 200 }, (_, index) => `10.0.${Math.floor(index / 100)}.${index % 100}`);
  const hosts = new Map([
    ['foo.example', ['192.0.2.7']],
    ['many.example', many],
  ]);
  const open = await openDnsPort('127.0.0.1', 0, createOutside({ hosts }));
  t.teardown(() => open.close());
  const resolver = new promises.Resolver({ timeout: 2000, tries: 1 });
  resolver.setServers([`127.0.0.1:${open.port}`]);
  t.same(await resolver.resolve4('foo.example'), ['192.0.2.7']);
  t.same(await resolver.reverse('192.0.2.7'), ['foo.example']);
  t.equal((await resolver.resolve4('many.example')).length, many.length);
  await t.rejects(resolver.resolve4('bar.example'), { code: 'ENOTFOUND' });
});

test('hosts without a certificate show one that says so', async (t) => {
  const { certificate, key } = await fallbackCertificate();
  const shown = new X509Certificate(certificate);
  t.match(shown.subject, 'Kubernetes Ingress Controller Fake Certificate');
  t.match(key, /PRIVATE KEY/);
});

test('flags of ports and hosts', (t) => {
  const read = (flags: Record<string, string>) =>
    entryOptions(
      (flag) => flags[flag] ?? '',
      (_flag, text) => Number(text),
      (why) => new Error(why),
    );
  t.same(read({}), {
    entryPorts: { dns: undefined, ingress: undefined, ingressHttps: undefined },
    dnsHosts: new Map(),
  });
  const given = read({
    'dns-port': '0',
    'ingress-port': '8080',
    'dns-hosts': 'A.example=192.0.2.1,a.example=192.0.2.2,b.example=fd00::1',
  });
  t.same(given.entryPorts, { dns: 0, ingress: 8080, ingressHttps: undefined });
  t.same(
    [...given.dnsHosts],
    [
      ['a.example', ['192.0.2.1', '192.0.2.2']],
      ['b.example', ['fd00::1']],
    ],
  );
  t.throws(() => read({ 'dns-hosts': 'a.example' }), /--dns-hosts: want name=address, not a.example/);
  t.end();
});
