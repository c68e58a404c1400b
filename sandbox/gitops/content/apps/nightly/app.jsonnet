// Work that nobody asks for: a report every minute, and a mailer of which one must run, and never two.
local labels(name) = { 'app.kubernetes.io/name': name, 'eksodus.dev/team': 'back-office' };
local pod(name) = {
  containers: [{
    name: name,
    image: 'back-office/%s:2.4.0' % name,
    resources: { requests: { cpu: '100m', memory: '128Mi' } },
  }],
};
[
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'report', labels: labels('report') },
    spec: {
      schedule: '* * * * *',
      // Of both clusters the same, as it is for any app: which of them runs it is decided in the clusters alone.
      suspend: false,
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: 120,
      jobTemplate: {
        spec: { template: { metadata: { labels: labels('report') }, spec: pod('report') { restartPolicy: 'Never' } } },
      },
    },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'mailer', labels: labels('mailer') },
    spec: {
      replicas: 1,
      selector: { matchLabels: { 'app.kubernetes.io/name': 'mailer' } },
      template: { metadata: { labels: labels('mailer') }, spec: pod('mailer') },
    },
  },
]
