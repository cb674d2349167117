import { parseQuantity } from '../../../api/quantity.ts';
import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { idle, ofContainer, type PodStatus, runPod, shell } from './running-pod.ts';

const small = 10;

function asking(milliCPU: number): object {
  return { requests: { cpu: `${milliCPU}m`, memory: '20Mi' } };
}

function pendingOf({ conditions = [] }: PodStatus): readonly unknown[] {
  return conditions
    .filter(({ type }) => type === 'PodResizePending')
    .map(({ status, reason, message }) => [status, reason, message?.replace(/used: \d+/, 'used: N')]);
}

/** All that a node has is less than a pod can be given, as another is there; more than that is asked of no kubelet. */
async function beyondTheNode(c: CaseContext): Promise<void> {
  const pod = await runPod(c, { containers: [shell('c', idle, { resources: asking(small) })] });
  await pod.until('it runs', (status) => ofContainer(status, 'c')?.ready === true);
  const { body } = await c.get(pod.path, { unstable: true });
  const { nodeName } = (body as { readonly spec: { readonly nodeName: string } }).spec;
  const node = await c.get(`/api/v1/nodes/${nodeName}`, { unstable: true });
  const all = Number(parseQuantity(String(node.at('status.allocatable.cpu'))).milliValue());
  const beside = await runPod(
    c,
    { nodeName, containers: [shell('c', idle, { resources: asking(small) })] },
    {
      name: 'beside',
    },
  );
  await beside.until('it runs', (status) => ofContainer(status, 'c')?.ready === true);
  const ask = async (milliCPU: number, has: object): Promise<void> => {
    const containers = [{ name: 'c', resources: asking(milliCPU) }];
    await c.patch(
      `${pod.path}/resize`,
      { spec: { containers } },
      {
        type: 'application/strategic-merge-patch+json',
        unstable: true,
        ...has,
      },
    );
  };
  await ask(all, {});
  const words = `Node didn't have enough resource: cpu, requested: ${all}, used: N, capacity: ${all}`;
  const status = await pod.until('it waits', (now) => pendingOf(now).length > 0);
  c.equal(pendingOf(status), [['True', 'Deferred', words]], 'why it waits');
  c.equal(ofContainer(status, 'c')?.allocatedResources?.['cpu'], `${small}m`, 'what it has meanwhile');
  await pod.untilEvent('ResizeDeferred: Pod resize Deferred: {"containers":[{"name":"c","resources":{"requests":');
  const refusal = `node didn't have enough allocatable resources: cpu, requested: ${all + 1}, allocatable: ${all}`;
  await ask(all + 1, {
    status: 403,
    has: {
      reason: 'Forbidden',
      message: (text: unknown) => String(text).endsWith(refusal),
      'details.causes': (causes: unknown) => JSON.stringify(causes) === '[{"reason":"NodeCapacity"}]',
    },
  });
  await ask(small * 2, {});
  await pod.until('it is given what there is', (now) => {
    return pendingOf(now).length === 0 && ofContainer(now, 'c')?.allocatedResources?.['cpu'] === `${small * 2}m`;
  });
}

export const resizeCases: readonly Case[] = [
  {
    id: 'nodes/pod life/a resize waits for what its node has not free, and is refused what it never has',
    proves: 'Pod InPlace Resize Container (scheduler-focused)',
    needs: ['scheduler', 'programs', 'resize'],
    run: beyondTheNode,
  },
];
