import t from 'tap';
import { rejectionOf } from './admission.ts';
import type { Pod } from './pod-runtime.ts';

/** `80`, `80/UDP`, `1.2.3.4:80`: host ports of one container, or of a sidecar. */
function podOf(words: string, isSidecar = false): Pod {
  const ports = words.split(' ').map((word) => {
    const [, hostIP, port, protocol] = /^(?:(.*):)?(\d+)(?:\/(\w+))?$/.exec(word) ?? [];
    return {
      containerPort: 1,
      hostPort: Number(port),
      ...(hostIP === undefined ? {} : { hostIP }),
      ...(protocol === undefined ? {} : { protocol }),
    };
  });
  const container = { name: 'c', ports };
  return {
    spec: isSidecar
      ? { initContainers: [{ ...container, restartPolicy: 'Always' }], containers: [] }
      : { containers: [container] },
  };
}

t.test('a pod that wants a port of the node that another has is rejected', async (t) => {
  const taken = {
    reason: 'NodePorts',
    message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  };
  const rows: [wanted: string, other: string, isTaken: boolean][] = [
    ['80', '80', true],
    ['80', '81', false],
    ['80', '80/UDP', false],
    ['1.2.3.4:80', '80', true],
    ['1.2.3.4:80', '1.2.3.5:80', false],
    ['81 80', '79 80', true],
    ['0', '0', false],
  ];
  for (const [wanted, other, isTaken] of rows) {
    const what = `${wanted} beside ${other}`;
    t.strictSame(
      rejectionOf(podOf(wanted), () => [podOf(other)]),
      isTaken ? taken : undefined,
      what,
    );
    t.strictSame(
      rejectionOf(podOf(wanted), () => [podOf(other, true)]),
      isTaken ? taken : undefined,
      `${what} of a sidecar`,
    );
  }
  const unasked = (): never => {
    throw new Error('nobody looks at the others');
  };
  t.equal(rejectionOf({ spec: { containers: [{ name: 'c' }] } }, unasked), undefined, 'most want none');
});
