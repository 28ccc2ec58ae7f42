"""Floors for the lab's tests."""

from pathlib import Path

from schemas.floor import Floor, load, parse

EXAMPLE = Path(__file__).parents[3] / "deploy" / "floor.example.yaml"
ENVIRONMENT = {
    "FS_BASIC": "srez:basic-password",
    "MANGO_KEY": "key",
    "MANGO_SALT": "salt",
    "AMO_PATH_SECRET": "amo-path",
    "OWN_SIGNING": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "BITRIX_TOKEN": "bitrix-token",
    "TWILIO_TOKEN": "12345",
    "CRM_PATH": "crm-path",
    "CRM_BASIC": "srez:crm-password",
    "HUBSPOT_SECRET": "hubspot-secret",
    "SALESFORCE_ORG": "00D5g000009InvtEAC",
}


def example() -> Floor:
    return load(str(EXAMPLE))


def other_providers() -> Floor:
    """A floor whose calls come from Bitrix24 and Twilio and whose deals come as CloudEvents."""
    return parse(
        """
timezone: Europe/Moscow
currency: RUB
day: {breaks: ["13:00-14:00"]}
teams: [{id: one}, {id: two}]
agents:
  - {id: ann, team: one, identities: {portal: ["17"], own: ["ann@example.ru"]}}
  - {id: bob, team: two, identities: {cloud: ["bob"]}}
norms: [{for: {floor: main}, per_day: {calls: 80, answered: 30, long_calls: 10, presentations: 6, invoices: 3, payments: 2}}]
sources:
  - {id: portal, provider: bitrix24, secrets: {application_token: {env: BITRIX_TOKEN}}, feeds: [calls]}
  - {id: cloud, provider: twilio, secrets: {auth_token: {env: TWILIO_TOKEN}}, feeds: [calls], public_url: "https://srez.example/hooks/cloud"}
  - {id: own, provider: generic, secrets: {signing: {env: OWN_SIGNING}}, feeds: [presentations, invoices, payments, agent_state]}
"""
    )


CRMS = {
    "hubspot": "{client_secret: {env: HUBSPOT_SECRET}, access_token: {env: HUBSPOT_TOKEN}}",
    "pipedrive": "{basic: {env: CRM_BASIC}}",
    "salesforce": "{path: {env: CRM_PATH}, organization_id: {env: SALESFORCE_ORG}}",
}
"""Provider → the secrets of its source."""


def with_crm(provider: str) -> Floor:
    """A floor whose deals come from that CRM; the ids of its stages are numbers, and won deals are payments."""
    return parse(
        f"""
timezone: Europe/Moscow
currency: RUB
day: {{breaks: ["13:00-14:00"]}}
teams: [{{id: one}}, {{id: two}}]
agents:
  - {{id: ann, team: one, identities: {{portal: ["17"], crm: ["600100"]}}}}
  - {{id: bob, team: two, identities: {{portal: ["18"], crm: ["600200"]}}}}
norms:
  - {{for: {{floor: main}}, per_day: {{calls: 80, answered: 30, long_calls: 10, presentations: 6, invoices: 3, payments: 2}}}}
sources:
  - {{id: portal, provider: bitrix24, secrets: {{application_token: {{env: BITRIX_TOKEN}}}}, feeds: [calls]}}
  - id: crm
    provider: {provider}
    secrets: {CRMS[provider]}
    feeds: [presentations, invoices, payments]
    counts: {{presentation: {{status: [31]}}, invoice: {{stage: ["32"]}}, payment: {{won: true}}}}
"""
    )
