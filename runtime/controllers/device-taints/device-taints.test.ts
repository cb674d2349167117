import t from 'tap';
import type { ResourceClaim } from '../resource-claims/claims-of-pods.ts';
import { type DeviceTaint, deviceKeysOf, evictingTaints, evictionTime, type ResourceSlice } from './device-taints.ts';

const added = '2026-01-01T00:00:00Z';
const start = Date.parse(added);
const taint: DeviceTaint = { key: 'broken', value: 'yes', effect: 'NoExecute', timeAdded: added };

function slice(generation: number, taints: readonly DeviceTaint[]): ResourceSlice {
  const spec = { driver: 'd', pool: { name: 'p', generation }, devices: [{ name: 'x', taints }] };
  return { spec } as unknown as ResourceSlice;
}

function claim(tolerations: readonly object[]): ResourceClaim {
  const results = [{ request: 'r', driver: 'd', pool: 'p', device: 'x', tolerations }];
  return { status: { allocation: { devices: { results } } } } as unknown as ResourceClaim;
}

t.test('the newest slice says which taints evict', async (t) => {
  t.strictSame(deviceKeysOf(slice(1, [])), ['d/p/x']);
  const mild: DeviceTaint = { key: 'slow', effect: 'NoSchedule' };
  t.strictSame(evictingTaints([slice(1, [taint]), slice(2, [mild, taint])], 'd/p/x'), [taint]);
  t.strictSame(evictingTaints([slice(1, [taint]), slice(2, [mild])], 'd/p/x'), []);
});

t.test('pods go when the shortest toleration has run out', async (t) => {
  const forKey = { key: 'broken', operator: 'Exists', effect: 'NoExecute' };
  const equal = { key: 'broken', operator: 'Equal', effect: 'NoExecute' };
  const rows: [what: string, tolerations: object[], expected: number | undefined][] = [
    ['not tolerated', [], start],
    ['for ever', [forKey], undefined],
    ['for a time', [{ ...forKey, tolerationSeconds: 30 }], start + 30_000],
    [
      'the shorter',
      [
        { ...forKey, tolerationSeconds: 30 },
        { ...equal, value: 'yes', tolerationSeconds: 10 },
      ],
      start + 10_000,
    ],
    ['no time at all', [{ ...forKey, tolerationSeconds: -5 }], start],
    ['another value', [{ ...equal, value: 'no' }], start],
    ['another key', [{ ...forKey, key: 'slow' }], start],
    ['every key', [{ operator: 'Exists', effect: 'NoExecute' }], undefined],
    ['of another effect', [{ ...forKey, effect: 'NoSchedule' }], start],
  ];
  for (const [what, tolerations, expected] of rows)
    t.equal(
      evictionTime(claim(tolerations), () => [taint]),
      expected,
      what,
    );
});
