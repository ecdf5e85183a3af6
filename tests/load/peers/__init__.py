"""Node-RED and n8n doing the runtime's workloads, measured by the same load generator."""
