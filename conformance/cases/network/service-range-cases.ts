import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { awaitFields } from '../workloads/played-pods.ts';

const cidrs = '/apis/networking.k8s.io/v1/servicecidrs';
const inUse = 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';

async function ranges(c: CaseContext): Promise<void> {
  const name = `${c.rand}-range`;
  // A range of documentation, of which each run takes a part by chance.
  const part = Number.parseInt(c.rand.slice(-2), 16) % 32;
  await c.post(cidrs, { metadata: { name }, spec: { cidrs: [`198.51.100.${part * 8}/29`] } });
  const own = `${cidrs}/${name}`;
  await awaitFields(c, own, {
    'metadata.finalizers': ['networking.k8s.io/service-cidr-finalizer'],
    'status.conditions[0].type': 'Ready',
    'status.conditions[0].status': 'True',
    'status.conditions[0].message': 'Kubernetes Service CIDR is ready',
  });
  const services = `/api/v1/namespaces/${await c.namespace()}/services`;
  const spec = { clusterIP: `198.51.100.${part * 8 + 1}`, ports: [{ port: 80 }] };
  await c.eventually('an address of the range is given out', async () => {
    const { status } = await c.post(
      services,
      { metadata: { name: 's' }, spec },
      { unstable: true, status: [201, 422] },
    );
    return status === 201;
  });
  await c.delete(own, { unstable: true });
  await awaitFields(c, own, {
    'status.conditions[0].status': 'False',
    'status.conditions[0].reason': 'Terminating',
    'status.conditions[0].message': inUse,
  });
  await c.delete(`${services}/s`);
}

export const serviceRangeCases: readonly Case[] = [
  {
    id: 'network/servicecidrs/are ready, and stay while addresses are in use',
    proves: '[sig-network] ServiceCIDR and IPAddress API should support ServiceCIDR API operations',
    needs: ['controllers'],
    free: ['spec.clusterIP', 'spec.clusterIPs'],
    run: ranges,
  },
];
