import t from 'tap';
import type { KubeObject } from '../../../api/object.ts';
import { quotaEvaluatorFor } from '../../../api/quota/evaluators.ts';
import { type Counted, type ResourceQuota, statusOf, UsageMemory, usageOf } from './usage.ts';

const now = Date.parse('2026-01-01T00:00:00Z');

function counted(resource: string, objects: readonly object[]): Counted {
  const evaluator = quotaEvaluatorFor(resource);
  if (evaluator === undefined) throw new Error(resource);
  return { evaluator, objects: objects as KubeObject[] };
}

function pod(cpu: string, phase = 'Running', more: object = {}): object {
  return { spec: { containers: [{ name: 'c', resources: { requests: { cpu } } }], ...more }, status: { phase } };
}

async function used(spec: ResourceQuota['spec'], all: readonly Counted[]) {
  return usageOf({ ...(spec === undefined ? {} : { spec }) }, all, {
    now,
    memory: new UsageMemory(),
    pause: async () => undefined,
  });
}

await t.test('a quota counts what it names, and what is within its scopes', async (t) => {
  const pods = counted('pods', [
    pod('500m'),
    pod('1'),
    pod('2', 'Succeeded'),
    pod('100m', 'Running', { activeDeadlineSeconds: 5 }),
  ]);
  const others = [counted('configmaps', [{}, {}]), counted('deployments.apps', [{}]), counted('services', [])];
  const hard = {
    pods: '9',
    'requests.cpu': '9',
    'count/pods': '9',
    configmaps: '9',
    'count/deployments.apps': '9',
    services: '9',
  };
  t.same(await used({ hard }, [pods, ...others]), {
    pods: '3',
    'requests.cpu': '1600m',
    'count/pods': '4',
    configmaps: '2',
    'count/deployments.apps': '1',
    services: '0',
  });
  t.same(await used({ hard: { pods: '9' }, scopes: ['Terminating'] }, [pods]), { pods: '1' });
  t.same(await used({ hard: { pods: '9', configmaps: '1' }, scopes: ['NotTerminating'] }, [pods, ...others]), {
    pods: '2',
    configmaps: '0',
  });
});

await t.test('claims are counted by class, and their sizes added', async (t) => {
  const claim = (storage: string, storageClassName: string): object => ({
    spec: { resources: { requests: { storage } }, storageClassName },
  });
  const claims = counted('persistentvolumeclaims', [claim('1Gi', 'gold'), claim('512Mi', 'lead')]);
  const gold = 'gold.storageclass.storage.k8s.io/requests.storage';
  t.same(await used({ hard: { 'requests.storage': '9Gi', [gold]: '9Gi', persistentvolumeclaims: '9' } }, [claims]), {
    'requests.storage': '1536Mi',
    [gold]: '1Gi',
    persistentvolumeclaims: '2',
  });
});

await t.test(
  'a status is written when it differs, keeps what cannot be counted, and forgets what is not asked for',
  async (t) => {
    const spec = { hard: { pods: '2', 'example.com/odd': '5' } };
    t.same(statusOf({ spec }, { pods: '1' }), { hard: spec.hard, used: { pods: '1' } });
    const status = { hard: spec.hard, used: { pods: '1', 'example.com/odd': '3' } };
    t.equal(statusOf({ spec, status }, { pods: '1' }), undefined);
    t.same(statusOf({ spec, status }, { pods: '0' })?.used, { pods: '0', 'example.com/odd': '3' });
    t.same(statusOf({ spec: { hard: { pods: '2' } }, status }, { pods: '1' }), {
      hard: { pods: '2' },
      used: { pods: '1' },
    });
    const same = { hard: { cpu: '1' }, used: { cpu: '1000m' } };
    t.equal(
      statusOf({ spec: { hard: { cpu: '1000m' } }, status: same }, { cpu: '1' }),
      undefined,
      'two spellings of one amount',
    );
  },
);
