import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { said, service, serving } from './traffic-cases.ts';

interface Ingress {
  readonly spec: { readonly ingressClassName?: string };
  readonly status: { readonly loadBalancer?: { readonly ingress?: readonly { ip?: string; hostname?: string }[] } };
}

const backend = (name: string, port: object = { number: 80 }): object => ({ service: { name, port } });

async function backends(c: CaseContext, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await serving(c, name);
    await service(c, name, { ports: [{ name: 'http', port: 80, targetPort: 'web' }] });
  }
}

/** Where the Ingress is served. */
async function expose(c: CaseContext, spec: object): Promise<string> {
  const ingresses = `/apis/networking.k8s.io/v1/namespaces/${await c.namespace()}/ingresses`;
  await c.post(ingresses, { metadata: { name: 'a' }, spec }, { unstable: true });
  let address = '';
  await c.eventually('the Ingress has an address', async () => {
    const { body } = await c.get(`${ingresses}/a`, { unstable: true });
    const [first] = (body as Ingress).status.loadBalancer?.ingress ?? [];
    address = first?.ip ?? first?.hostname ?? '';
    return address !== '';
  });
  return address;
}

async function routed(c: CaseContext): Promise<void> {
  await backends(c, 'one', 'two');
  const host = `${c.rand}.example`;
  const path = (at: string, pathType: string, to: object): object => ({ path: at, pathType, backend: to });
  const rules = [
    {
      host,
      http: {
        paths: [
          path('/', 'Prefix', backend('one')),
          path('/hostname/', 'Prefix', backend('one')),
          path('/hostname', 'Exact', backend('two', { name: 'http' })),
        ],
      },
    },
    { host: `*.${host}`, http: { paths: [path('/', 'Prefix', backend('two'))] } },
  ];
  const address = await expose(c, { rules });
  const fetch = (name: string, at: string): string =>
    `wget -q -T 5 -O - --header "Host: ${name}" http://${address}${at} 2>&1; echo`;
  const first = `for i in $(seq 60); do test "$(${fetch(host, '/hostname')})" = two && break; sleep 0.5; done`;
  const script = [
    first,
    fetch(host, '/hostname'),
    fetch(host, '/echo?msg=x'),
    fetch(`x.${host}`, '/hostname'),
    fetch(`other-${host}`, '/'),
  ];
  const lines = (await said(c, script.join('\n'))).split('\n').filter((line) => line !== '');
  c.equal(lines[0], 'two', 'an exact path');
  c.equal(lines[1], 'x', 'all other paths');
  c.equal(lines[2], 'two', 'any name in place of the wildcard');
  c.ok(/404/.test(lines.at(-1) ?? ''), `nobody serves other hosts: ${lines.at(-1)}`);
}

async function ofTheDefaultClass(c: CaseContext): Promise<void> {
  await backends(c, 'one');
  // Of one host: a default backend would answer for the hosts of other cases.
  const paths = [{ path: '/', pathType: 'Prefix', backend: backend('one') }];
  const address = await expose(c, { rules: [{ host: `${c.rand}.example`, http: { paths } }] });
  c.ok(address !== '', 'it is served by the default class');
  const path = `/apis/networking.k8s.io/v1/namespaces/${await c.namespace()}/ingresses/a`;
  const { body } = await c.get(path, { unstable: true });
  c.ok((body as Ingress).spec.ingressClassName !== undefined, 'it has got the name of its class');
}

export const ingressCases: readonly Case[] = [
  {
    id: 'network/ingress/requests go where host and path say',
    proves: 'Ingress: hosts, path types',
    needs: ['programs', 'ingress'],
    run: routed,
  },
  {
    id: 'network/ingress/an Ingress without a class gets the default one and an address',
    proves: 'Ingress: default class',
    needs: ['programs', 'ingress'],
    run: ofTheDefaultClass,
  },
];
