"""Settings for tests of commands."""

REQUIRED = {
    "ADRELAY_BILLING_API_KEY",
    "ADRELAY_BILLING_IPN_SECRET",
    "ADRELAY_BILLING_IPN_CALLBACK_URL",
    "ADRELAY_FORWARDER_VAULT_KEYS",
    "ADRELAY_GATEWAY_JWT_SECRET",
    "ADRELAY_GATEWAY_ADMIN_TOKEN",
    "ADRELAY_GATEWAY_CODE_PEPPER",
}
OUTSIDE = {
    "ADRELAY_BILLING_API_KEY": "K1-of-the-provider-29",
    "ADRELAY_BILLING_IPN_SECRET": "I7-of-the-provider-53-and-more",
    "ADRELAY_BILLING_IPN_CALLBACK_URL": "https://ads.example.org/api/v1/webhooks/nowpayments",
}
SERVERS = {"ADRELAY_POSTGRES_URL": "postgresql://db.example", "ADRELAY_NATS_URL": "nats://broker.example"}
