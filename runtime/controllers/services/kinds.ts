import type { Api } from '../../../api/object.ts';

export type Service = Api<'io.k8s.api.core.v1.Service'>;
export type Node = Api<'io.k8s.api.core.v1.Node'>;
