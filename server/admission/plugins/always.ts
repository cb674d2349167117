import { type AdmissionPlugin, forbiddenByAdmission } from '../plugin.ts';

export function createAlwaysAdmit(): AdmissionPlugin {
  return { name: 'AlwaysAdmit', handles: () => false };
}

export function createAlwaysDeny(): AdmissionPlugin {
  return {
    name: 'AlwaysDeny',
    handles: () => true,
    mutate(request) {
      throw forbiddenByAdmission(request, 'admission control is denying all modifications');
    },
  };
}
