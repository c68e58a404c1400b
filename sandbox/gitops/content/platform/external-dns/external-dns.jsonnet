local environment = import 'environment.json';
// Argo CD gives the name of the cluster that it renders for. It is the owner of the records too, so that the
// external-dns of one cluster leaves those of the other alone.
local cluster = std.extVar('cluster');

{
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'external-dns' },
  spec: {
    replicas: 1,
    strategy: { type: 'Recreate' },
    selector: { matchLabels: { 'app.kubernetes.io/name': 'external-dns' } },
    template: {
      metadata: { labels: { 'app.kubernetes.io/name': 'external-dns' } },
      spec: {
        serviceAccountName: 'external-dns',
        containers: [{
          name: 'external-dns',
          image: 'registry.k8s.io/external-dns/external-dns:v0.20.0',
          args: [
            '--source=ingress',
            '--ingress-class=alb',
            '--domain-filter=' + environment.zone,
            '--provider=aws',
            '--aws-zone-type=public',
            '--registry=txt',
            '--txt-owner-id=' + cluster,
            '--policy=sync',
            '--interval=' + environment.externalDnsInterval,
          ],
          env: [{ name: 'AWS_REGION', value: environment.region }],
          resources: { requests: { cpu: '50m', memory: '64Mi' } },
        }],
      },
    },
  },
}
