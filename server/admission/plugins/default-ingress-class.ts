import type { Api } from '../../../api/object.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import type { AdmissionPlugin } from '../plugin.ts';
import { newestDefault } from './default-class.ts';

type Ingress = Api<'io.k8s.api.networking.v1.Ingress'>;
type IngressClass = Api<'io.k8s.api.networking.v1.IngressClass'>;

export function createDefaultIngressClass(reader: ClusterReader): AdmissionPlugin {
  return {
    name: 'DefaultIngressClass',
    handles: ({ operation, resource, group, subresource }) =>
      operation === 'CREATE' && resource === 'ingresses' && group === 'networking.k8s.io' && subresource === '',
    mutate({ object }) {
      if (object === undefined) return;
      const ingress: Ingress = object;
      if (ingress.spec?.ingressClassName !== undefined) return;
      // The older way of naming a class.
      if (ingress.metadata?.annotations?.['kubernetes.io/ingress.class'] !== undefined) return;
      const classes = reader.list<IngressClass>('ingressclasses.networking.k8s.io');
      const name = newestDefault(classes, ['ingressclass.kubernetes.io/is-default-class'])?.metadata?.name;
      if (name !== undefined) ingress.spec = { ...ingress.spec, ingressClassName: name };
    },
  };
}
