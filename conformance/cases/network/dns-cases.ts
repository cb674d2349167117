import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { agnhost } from '../nodes/running-pod.ts';
import { said, serving } from './traffic-cases.ts';

async function service(c: CaseContext, name: string, spec: object): Promise<string> {
  const path = `/api/v1/namespaces/${await c.namespace()}/services`;
  const { body } = await c.post(path, { metadata: { name }, spec }, { unstable: true });
  return (body as { spec: { clusterIP?: string } }).spec.clusterIP ?? '';
}

const port = [{ name: 'http', port: 80, targetPort: 'web' }];
/** Servers of names hear of changes a moment later. */
const once = (command: string): string =>
  `for i in $(seq 60); do found=$(${command}); test -n "$found" && break; sleep 0.5; done; echo "$found"`;
const dig = (words: string): string => `dig +short +search ${words} | sort | tr '\\n' ' '`;

/** Lines that scripts say in an image with the tools for names. */
async function linesOf(c: CaseContext, commands: readonly string[]): Promise<string[]> {
  const text = await said(c, commands.join('\n'), { image: agnhost });
  return text.split('\n').map((line) => line.trim());
}

async function services(c: CaseContext): Promise<void> {
  const namespace = await c.namespace();
  const ip = await service(c, 'web', { selector: { app: 'web' }, ports: port });
  const full = `web.${namespace}.svc.cluster.local`;
  const [byFull, short, srv, reverse, version] = await linesOf(c, [
    once(dig(`${full}. A`)),
    once(dig('web A')),
    once(dig('_http._tcp.web SRV')),
    once(dig(`-x ${ip}`)),
    once(dig('dns-version.cluster.local TXT')),
  ]);
  c.equal(byFull, ip, 'its full name');
  c.equal(short, ip, 'its name in the same namespace');
  c.equal(srv, `0 100 80 ${full}.`, 'its port by name');
  c.equal(reverse, `${full}.`, 'the name of its address');
  c.equal(version, '"1.1.0"', 'the version of the rules');
}

async function headless(c: CaseContext): Promise<void> {
  const namespace = await c.namespace();
  await service(c, 'db', { clusterIP: 'None', selector: { app: 'db' }, ports: port });
  const spec = { hostname: 'one', subdomain: 'db' };
  const { podIP } = await serving(c, 'db', { spec });
  const full = `db.${namespace}.svc.cluster.local`;
  const [all, one, srv, name] = await linesOf(c, [
    once(dig('db A')),
    once(dig('one.db A')),
    once(dig('_http._tcp.db SRV')),
    once(dig(`-x ${podIP}`)),
  ]);
  c.equal(all, podIP, 'the name of the Service leads to its pods');
  c.equal(one, podIP, 'a pod has a name by its hostname');
  c.equal(srv, `0 100 8080 one.${full}.`, 'ports are those of pods');
  c.equal(name, `one.${full}.`, "the name of a pod's address");
}

async function unready(c: CaseContext): Promise<void> {
  await service(c, 'shy', { clusterIP: 'None', selector: { app: 'shy' }, ports: port });
  await service(c, 'bold', {
    clusterIP: 'None',
    selector: { app: 'shy' },
    ports: port,
    publishNotReadyAddresses: true,
  });
  const { podIP } = await serving(c, 'shy', { isGated: true });
  const [bold, shy] = await linesOf(c, [once(dig('bold A')), `echo "$(${dig('shy A')})"`]);
  c.equal(bold, podIP, 'a Service that publishes pods before they are ready');
  c.equal(shy, '', 'and one that does not');
}

async function externalNames(c: CaseContext): Promise<void> {
  const namespace = await c.namespace();
  const ip = await service(c, 'web', { selector: { app: 'web' }, ports: port });
  const target = `web.${namespace}.svc.cluster.local`;
  await service(c, 'alias', { type: 'ExternalName', externalName: target });
  await service(c, 'away', { type: 'ExternalName', externalName: 'foo.example.com' });
  const [alias, away] = await linesOf(c, [once(dig('alias A')), once(dig('away CNAME'))]);
  c.equal(alias?.split(' ').toSorted().join(' '), [`${target}.`, ip].toSorted().join(' '), 'a name inside is followed');
  c.equal(away, 'foo.example.com.', 'a name outside is told');
}

async function missing(c: CaseContext): Promise<void> {
  const namespace = await c.namespace();
  const status = (name: string): string => `dig ${name} A | grep -o 'status: [A-Z]*'`;
  const lines = await linesOf(c, [
    status(`nobody.${namespace}.svc.cluster.local`),
    status(`web.nowhere-${c.rand}.svc.cluster.local`),
    status('svc.cluster.local'),
    status(`10-0-0-1.${namespace}.pod.cluster.local`),
    `dig nobody.${namespace}.svc.cluster.local A | grep -c SOA`,
  ]);
  const codes = lines.slice(0, 4).map((line) => line.replace('status: ', ''));
  c.equal(codes, ['NXDOMAIN', 'NXDOMAIN', 'NOERROR', 'NOERROR'], 'what is said of names');
  c.equal(lines[4], '1', 'and who said so');
}

export const dnsCases: readonly Case[] = [
  {
    id: 'network/dns/services have names in both directions',
    proves: '[sig-network] DNS should provide DNS for services [Conformance]',
    needs: ['programs', 'dns'],
    run: services,
  },
  {
    id: 'network/dns/a headless Service leads to its pods, each with a name',
    proves: '[sig-network] DNS should provide DNS for pods for Subdomain [Conformance]',
    needs: ['programs', 'dns'],
    run: headless,
  },
  {
    id: 'network/dns/pods that are not ready are named only when the Service wants it',
    proves: 'publishNotReadyAddresses',
    needs: ['programs', 'dns'],
    run: unready,
  },
  {
    id: 'network/dns/external names are aliases',
    proves: '[sig-network] DNS should provide DNS for ExternalName services [Conformance]',
    needs: ['programs', 'dns'],
    run: externalNames,
  },
  {
    id: 'network/dns/names that are not there are told from names without records',
    needs: ['programs', 'dns'],
    run: missing,
  },
];
