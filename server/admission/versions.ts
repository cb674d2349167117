import type { GroupVersionKind, GroupVersionResource, KubeObject } from '../../api/object.ts';
import type { AdmissionRequest } from './plugin.ts';

/** A resource of one version, or a subresource of it, and the kind of the objects there. */
export interface VersionedPlace {
  readonly resource: GroupVersionResource;
  readonly subresource: string;
  readonly kind: GroupVersionKind;
}

/** Objects in the versions that clients outside know: plug-ins get them in the stored one. */
export interface ObjectVersions {
  /** Where else the same objects are served, in upstream's order, the place itself included. */
  equivalents(place: VersionedPlace): readonly VersionedPlace[];
  /** A copy in the version of `place`, as JSON has it, with the nulls that upstream prints. */
  present(
    request: AdmissionRequest,
    object: Readonly<KubeObject>,
    place: VersionedPlace,
  ): KubeObject | Promise<KubeObject>;
  /** An object of the version of `place` as the request carries it: checked, canonical, defaulted, in the stored version. */
  accept(request: AdmissionRequest, value: KubeObject, place: VersionedPlace): KubeObject | Promise<KubeObject>;
}

export function placeOf(request: AdmissionRequest): VersionedPlace {
  const { group, version, resource, subresource, gvk } = request;
  // Definitions that stand for their kind hold much more than that.
  const kind = { group: gvk?.group ?? group, version: gvk?.version ?? version, kind: gvk?.kind ?? request.kind };
  return { resource: { group, version, resource }, subresource, kind };
}
