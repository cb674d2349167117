import t from 'tap';
import type { Node } from '../node-info.ts';
import { createMatches } from './device-selectors.ts';
import {
  allocationOf,
  type DeviceClass,
  devicesInUse,
  devicesOf,
  findDevices,
  type ResourceClaim,
  type ResourceSlice,
} from './devices.ts';

const node = { metadata: { name: 'n', labels: { rack: 'a' } } } as Node;
const driver = 'gpu.example.com';

function device(name: string, model: string, memory: string): object {
  return {
    name,
    attributes: {
      model: { string: model },
      'other.example.com/rank': { int: Number(name.slice(1)) },
      v: { version: '1.2.3' },
    },
    capacity: { memory: { value: memory } },
  };
}

function slice(more: object, devices: object[]): ResourceSlice {
  const pool = { name: 'p', generation: 1, resourceSliceCount: 1 };
  return { metadata: { name: 's' }, spec: { driver, pool, devices, ...more } } as ResourceSlice;
}

const here = slice({ nodeName: 'n' }, [
  device('d1', 'small', '10Gi'),
  device('d2', 'large', '40Gi'),
  device('d3', 'large', '80Gi'),
]);

function claim(...requests: object[]): ResourceClaim {
  return { metadata: { name: 'c', namespace: 'a', uid: 'c' }, spec: { devices: { requests } } } as ResourceClaim;
}

const cel = (expression: string): object => ({ cel: { expression } });
const gpu = { metadata: { name: 'gpu' }, spec: { selectors: [cel(`device.driver == '${driver}'`)] } } as DeviceClass;
const classes = (name: string): DeviceClass | undefined => (name === 'gpu' ? gpu : undefined);
const matches = createMatches();

function found(given: ResourceClaim, slices: ResourceSlice[] = [here], used: ReadonlySet<string> = new Set()): string {
  const taken = findDevices({ claim: given, devices: devicesOf(slices, node), used, classes, matches });
  return taken === undefined
    ? 'none'
    : taken.map(({ request, candidate }) => `${request}=${candidate.device.name}`).join(' ');
}

const exactly = (more: object, name = 'r'): object => ({ name, exactly: { deviceClassName: 'gpu', ...more } });

t.test('devices are found by class, selectors and counts', async (t) => {
  const attribute = `device.attributes['${driver}']`;
  const table: [object[], string][] = [
    [[exactly({})], 'r=d1'],
    [[exactly({ count: 2 })], 'r=d1 r=d2'],
    [[exactly({ count: 4 })], 'none'],
    [[exactly({ allocationMode: 'All' })], 'r=d1 r=d2 r=d3'],
    [[exactly({ selectors: [cel(`${attribute}.model == 'large'`)] })], 'r=d2'],
    [[exactly({ selectors: [cel(`device.capacity['${driver}'].memory.compareTo(quantity('50Gi')) > 0`)] })], 'r=d3'],
    [[exactly({ selectors: [cel(`${attribute}.v.isGreaterThan(semver('1.0.0'))`)] })], 'r=d1'],
    [[exactly({ selectors: [cel(`device.attributes['other.example.com'].rank == 2`)] })], 'r=d2'],
    [[exactly({ selectors: [cel(`'x' in device.attributes['nobody.example.com']`)] })], 'none'],
    [[exactly({ deviceClassName: 'none' })], 'none'],
    [[exactly({}, 'a'), exactly({ selectors: [cel(`${attribute}.model == 'small'`)] }, 'b')], 'a=d2 b=d1'],
    [
      [
        {
          name: 'r',
          firstAvailable: [
            { name: 'x', deviceClassName: 'none' },
            { name: 'y', deviceClassName: 'gpu' },
          ],
        },
      ],
      'r/y=d1',
    ],
  ];
  for (const [requests, expected] of table) t.equal(found(claim(...requests)), expected, JSON.stringify(requests));
  t.throws(() => found(claim(exactly({ selectors: [cel(`${attribute}.none == 1`)] }))), /no such key/);
});

t.test('constraints, devices in use, other nodes and older slices', async (t) => {
  const same = claim(exactly({ count: 2 }));
  const constraints = [{ requests: ['r'], matchAttribute: `${driver}/model` }];
  t.equal(found({ ...same, spec: { devices: { ...same.spec?.devices, constraints } } } as ResourceClaim), 'r=d2 r=d3');
  t.equal(found(claim(exactly({})), [here], new Set([`${driver}/p/d1`])), 'r=d2');
  t.equal(found(claim(exactly({ adminAccess: true })), [here], new Set([`${driver}/p/d1`])), 'r=d1');
  t.equal(found(claim(exactly({})), [slice({ nodeName: 'other' }, [device('d1', 'm', '1')])]), 'none');
  t.equal(found(claim(exactly({})), [slice({ allNodes: true }, [device('d7', 'm', '1')])]), 'r=d7');
  const pool = { name: 'p', generation: 2, resourceSliceCount: 1 };
  t.equal(found(claim(exactly({})), [here, slice({ nodeName: 'n', pool }, [device('d9', 'm', '1')])]), 'r=d9');
});

t.test('an allocation names node and devices', async (t) => {
  const given = claim(exactly({}));
  const taken =
    findDevices({ claim: given, devices: devicesOf([here], node), used: new Set(), classes, matches }) ?? [];
  const allocation = allocationOf(given, taken, classes);
  t.same(allocation, {
    devices: { results: [{ request: 'r', driver, pool: 'p', device: 'd1' }] },
    nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }] },
  });
  t.same([...devicesInUse([{ ...given, status: { allocation } } as ResourceClaim])], [`${driver}/p/d1`]);
});
