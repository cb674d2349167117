export const metricsGroup = 'metrics.k8s.io';
export const metricsVersion = 'v1beta1';
