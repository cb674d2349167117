import { type ClusterEvent, normalizeByHighest, type Plugin, unresolvable, unschedulable } from '../framework.ts';
import type { Node } from '../node-info.ts';
import type { Pod, PodInfo } from '../pod-info.ts';
import { isTolerated, type Taint, untoleratedTaint } from '../taints.ts';

const unschedulableTaint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

function isAbout(pod: PodInfo, { object }: ClusterEvent): boolean {
  return object?.metadata?.uid === pod.uid;
}

/** Cordoned nodes take pods only that tolerate it. */
export function nodeUnschedulable(): Plugin {
  const name = 'NodeUnschedulable';
  const rejection = unresolvable(name, 'node(s) were unschedulable');
  const opens = (_pod: PodInfo, { object, old }: ClusterEvent): boolean =>
    (object as Node).spec?.unschedulable !== true && (old === undefined || (old as Node).spec?.unschedulable === true);
  return {
    name,
    hints: [
      { resource: 'nodes', actions: ['add', 'taints'], helps: opens },
      {
        resource: 'pods',
        actions: ['tolerations'],
        helps: (pod, event) =>
          isAbout(pod, event) && isTolerated(unschedulableTaint, (event.object as Pod).spec?.tolerations),
      },
    ],
    filter: (pod) =>
      isTolerated(unschedulableTaint, pod.pod.spec?.tolerations)
        ? undefined
        : { step: { filter: ({ isCordoned }) => (isCordoned ? rejection : undefined) } },
  };
}

/** A pod that names its node goes nowhere else. */
export function nodeName(): Plugin {
  const name = 'NodeName';
  const rejection = unresolvable(name, "node(s) didn't match the requested node name");
  return {
    name,
    hints: [{ resource: 'nodes', actions: ['add'] }],
    filter: ({ pod }) => {
      const wanted = pod.spec?.nodeName ?? '';
      return wanted === '' ? undefined : { step: { filter: (node) => (node.name === wanted ? undefined : rejection) } };
    },
  };
}

const preferring: ReadonlySet<string> = new Set(['PreferNoSchedule']);

/** Taints forbid, or with PreferNoSchedule make a node less liked. */
export function taintToleration(): Plugin {
  const name = 'TaintToleration';
  const rejection = unresolvable(name, 'node(s) had untolerated taint(s)');
  const normalize = normalizeByHighest(true);
  return {
    name,
    hints: [
      {
        resource: 'nodes',
        actions: ['add', 'taints'],
        helps: ({ pod }, { object, old }) => {
          const isBarred = (node: Node): boolean =>
            untoleratedTaint(node.spec?.taints, pod.spec?.tolerations) !== undefined;
          return !isBarred(object as Node) && (old === undefined || isBarred(old as Node));
        },
      },
      { resource: 'pods', actions: ['tolerations'], helps: isAbout },
    ],
    filter: ({ pod }) => {
      const tolerations = pod.spec?.tolerations;
      return {
        step: {
          filter: ({ taints }) =>
            taints === undefined || untoleratedTaint(taints, tolerations) === undefined ? undefined : rejection,
        },
      };
    },
    score: ({ pod }) => {
      const tolerations = (pod.spec?.tolerations ?? []).filter(
        ({ effect = '' }) => effect === '' || preferring.has(effect),
      );
      return {
        score: ({ taints }) => {
          if (taints === undefined) return 0;
          let count = 0;
          for (const taint of taints)
            if (preferring.has(taint.effect ?? '') && !isTolerated(taint, tolerations)) count++;
          return count;
        },
        normalize,
      };
    },
  };
}

/** Ports of the host can be had once. */
export function nodePorts(): Plugin {
  const name = 'NodePorts';
  const rejection = unschedulable(name, "node(s) didn't have free ports for the requested pod ports");
  const frees = ({ hostPorts }: PodInfo, { old }: ClusterEvent): boolean => {
    const gone = old as Pod;
    if ((gone.spec?.nodeName ?? '') === '') return false;
    const freed = (gone.spec?.containers ?? []).flatMap(({ ports = [] }) => ports.map(({ hostPort = 0 }) => hostPort));
    const sidecars = (gone.spec?.initContainers ?? []).flatMap(({ ports = [] }) =>
      ports.map(({ hostPort = 0 }) => hostPort),
    );
    const all = new Set([...freed, ...sidecars]);
    return hostPorts.some(({ port }) => all.has(port));
  };
  return {
    name,
    hints: [
      { resource: 'pods', actions: ['delete'], helps: frees },
      { resource: 'nodes', actions: ['add'] },
    ],
    filter: ({ hostPorts }) =>
      hostPorts.length === 0
        ? undefined
        : { step: { filter: (node) => (hostPorts.some((port) => node.isPortTaken(port)) ? rejection : undefined) } },
  };
}

/** Pods with gates are not tried. */
export function schedulingGates(): Plugin {
  return {
    name: 'SchedulingGates',
    hints: [{ resource: 'pods', actions: ['gates'], helps: isAbout }],
    gate: ({ pod }) => {
      const gates = pod.spec?.schedulingGates ?? [];
      if (gates.length === 0) return undefined;
      return `waiting for scheduling gates: [${gates.map(({ name: gate }) => gate).join(' ')}]`;
    },
  };
}
