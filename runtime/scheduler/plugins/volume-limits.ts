import { classOfClaim } from '../../controllers/volumes/matching.ts';
import { type FilterPlan, type Plugin, unresolvable, unschedulable } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { Pod, PodInfo } from '../pod-info.ts';
import { type CSINode, claimUses, notOwned, type VolumeLookups } from './volume-lookups.ts';
import { isOwnClaim } from './volume-rules.ts';

/** Drivers' limits by name. */
function limitsOf(csiNode: CSINode | undefined): ReadonlyMap<string, number> {
  const limits = new Map<string, number>();
  for (const { name = '', allocatable } of csiNode?.spec?.drivers ?? [])
    if (allocatable?.count !== undefined) limits.set(name, allocatable.count);
  return limits;
}

function usesClaims({ spec }: Pod): boolean {
  return spec?.volumes?.some((volume) => (volume.persistentVolumeClaim ?? volume.ephemeral) !== undefined) === true;
}

/** A node can have so many volumes of a driver, as its CSINode says. */
export function nodeVolumeLimits(lookups: VolumeLookups): Plugin {
  const name = 'NodeVolumeLimits';
  const tooMany = unschedulable(name, 'node(s) exceed max volume count');
  const { claims, volumes, classes, csiNodes, attachments } = lookups;
  /** Driver by volume; one that is not made yet goes by its claim. */
  const volumesOf = (pod: PodInfo, into: Map<string, string>): void => {
    for (const { name: claimName } of claimUses(pod)) {
      const claim = claims.get(`${pod.namespace}/${claimName}`);
      if (claim === undefined) continue;
      const volume = volumes.get(claim.spec?.volumeName ?? '');
      if (volume !== undefined) {
        const { driver, volumeHandle } = volume.spec?.csi ?? {};
        if (driver !== undefined && volumeHandle !== undefined) into.set(`${driver}/${volumeHandle}`, driver);
        continue;
      }
      const provisioner = classes.get(classOfClaim(claim))?.provisioner;
      if (provisioner !== undefined) into.set(`${provisioner}/claim ${pod.namespace}/${claimName}`, provisioner);
    }
  };
  const attachedTo = (node: NodeInfo): Map<string, string> => {
    const attached = new Map<string, string>();
    for (const { spec } of attachments.by('node', node.name)) {
      const handle = volumes.get(spec?.source?.persistentVolumeName ?? '')?.spec?.csi?.volumeHandle;
      if (handle !== undefined && spec?.attacher !== undefined)
        attached.set(`${spec.attacher}/${handle}`, spec.attacher);
    }
    for (const other of node.pods.values()) if (other.claims.length > 0) volumesOf(other, attached);
    return attached;
  };
  const filter = (pod: PodInfo): FilterPlan | undefined => {
    if (pod.claims.length === 0) return undefined;
    for (const { name: claimName, isEphemeral } of claimUses(pod)) {
      const claim = claims.get(`${pod.namespace}/${claimName}`);
      const problem =
        claim === undefined
          ? `looking up PVC ${pod.namespace}/${claimName}: persistentvolumeclaim "${claimName}" not found`
          : isEphemeral
            ? notOwned(pod, claim)
            : undefined;
      if (problem !== undefined) return { step: { filter: () => unresolvable(name, problem) } };
    }
    const wanted = new Map<string, string>();
    volumesOf(pod, wanted);
    if (wanted.size === 0) return undefined;
    const exceeds = (node: NodeInfo, limits: ReadonlyMap<string, number>): boolean => {
      const attached = attachedTo(node);
      const all = new Map([...attached, ...wanted]);
      for (const driver of new Set(wanted.values())) {
        const limit = limits.get(driver);
        if (limit === undefined) continue;
        const count = (of: ReadonlyMap<string, string>): number =>
          [...of.values()].filter((one) => one === driver).length;
        if (count(all) > count(attached) && count(all) > limit) return true;
      }
      return false;
    };
    return {
      step: {
        filter: (node) => {
          const limits = limitsOf(csiNodes.get(node.name));
          return limits.size > 0 && exceeds(node, limits) ? tooMany : undefined;
        },
      },
    };
  };
  return {
    name,
    hints: [
      {
        resource: 'csinodes',
        actions: ['add', 'update'],
        helps: (_pod, { object, old }) => {
          if (old === undefined) return true;
          const before = limitsOf(old as CSINode);
          return [...limitsOf(object as CSINode)].some(([driver, limit]) => limit > (before.get(driver) ?? 0));
        },
      },
      { resource: 'pods', actions: ['delete'], helps: (_pod, { old }) => usesClaims(old as Pod) },
      { resource: 'persistentvolumeclaims', actions: ['add'], helps: isOwnClaim },
      { resource: 'volumeattachments', actions: ['delete'], helps: ({ claims: own }) => own.length > 0 },
    ],
    filter,
  };
}
