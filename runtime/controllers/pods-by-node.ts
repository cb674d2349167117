import type { Api } from '../../api/object.ts';
import type { Informer } from '../client/informer.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;

const index = 'nodeName';

/** Lets `podsOn` find pods by their node. */
export function indexByNode(pods: Informer<Pod>): void {
  pods.index(index, ({ spec }) => ((spec?.nodeName ?? '') === '' ? [] : [spec?.nodeName ?? '']));
}

export function podsOn(pods: Informer<Pod>, node: string): Readonly<Pod>[] {
  return pods.by(index, node);
}
