import t from 'tap';
import type { KubeObject } from '../../../api/object.ts';
import { resourceConversions } from './conversions.ts';

function conversionOf(resource: string): (typeof resourceConversions)[number] {
  const found = resourceConversions.find((each) => each.resource === resource);
  if (found === undefined) throw new Error(`no conversion of ${resource}`);
  return found;
}

t.test('requests of v1beta1 are flat, those of v1 are exact or alternatives', async (t) => {
  const beta = {
    apiVersion: 'resource.k8s.io/v1beta1',
    spec: {
      devices: {
        requests: [
          { name: 'a', deviceClassName: 'c', count: 2 },
          { name: 'b', firstAvailable: [{ name: 'x' }] },
          { name: 'c' },
        ],
      },
    },
  };
  const { toHub, fromHub } = conversionOf('resourceclaims');
  const stable = toHub(beta);
  t.same(stable, {
    apiVersion: 'resource.k8s.io/v1',
    spec: {
      devices: {
        requests: [
          { name: 'a', exactly: { deviceClassName: 'c', count: 2 } },
          { name: 'b', firstAvailable: [{ name: 'x' }] },
          { name: 'c', exactly: {} },
        ],
      },
    },
  });
  t.same(fromHub(stable), beta);
});

t.test('devices of v1beta1 have their properties under basic', async (t) => {
  const beta = {
    apiVersion: 'resource.k8s.io/v1beta1',
    spec: { devices: [{ name: 'a', basic: { capacity: { m: { value: '1' } } } }] },
  };
  const { toHub, fromHub } = conversionOf('resourceslices');
  const stable: KubeObject = toHub(beta);
  t.same(stable, {
    apiVersion: 'resource.k8s.io/v1',
    spec: { devices: [{ name: 'a', capacity: { m: { value: '1' } } }] },
  });
  t.same(fromHub(stable), beta);
});
