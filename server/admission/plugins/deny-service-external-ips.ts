import type { Api } from '../../../api/object.ts';
import { type AdmissionPlugin, forbiddenByAdmission } from '../plugin.ts';

type Service = Api<'io.k8s.api.core.v1.Service'>;

/** External IPs that a Service has may stay; new ones are refused. */
export function createDenyServiceExternalIPs(): AdmissionPlugin {
  return {
    name: 'DenyServiceExternalIPs',
    handles: ({ operation, resource, group, subresource }) =>
      resource === 'services' &&
      group === '' &&
      subresource === '' &&
      (operation === 'CREATE' || operation === 'UPDATE'),
    validate(request) {
      const { spec }: Readonly<Service> = request.object ?? {};
      const { spec: old }: Readonly<Service> = request.oldObject ?? {};
      const known = new Set(old?.externalIPs);
      if ((spec?.externalIPs ?? []).every((ip) => known.has(ip))) return;
      throw forbiddenByAdmission(request, 'Use of external IPs is denied by admission control');
    },
  };
}
