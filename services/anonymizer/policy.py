"""What is the same for all elements of one Instance: profile, keys, and whom it is about."""

from typing import Literal, NamedTuple

from services.anonymizer import opted_out
from services.anonymizer.device_rules import DeviceRule
from services.anonymizer.dicom import patient_identifiers
from services.anonymizer.dicom.patient_identifiers import PatientIdentity
from services.anonymizer.opted_out import OptedOut
from services.anonymizer.profile import profile
from services.anonymizer.pseudonyms import pseudonyms
from services.anonymizer.pseudonyms.keys import KeySet
from services.anonymizer.text import clinical_lists, site_list
from services.anonymizer.text.clinical_lists import ClinicalLists
from services.anonymizer.text.policy import TextPolicy
from services.anonymizer.text.site_list import SiteList
from shared.fhir.systems import patient_system


class Policy(NamedTuple):
    """What is the same for all Instances of a site.

    foreign_issuers: of patient IDs that are not the site's own.  trust_detector: mask what the text detector finds and
    let the image pass; otherwise a person looks at it.  search_pixels: whether the detector looks at images in which no
    rule expects text, as the rules say.  search_slices: whether it looks at every slice, since text was seen in another
    one of the Series.  recognise: whether the recogniser of names, if it is installed, reads the cleaned reports.
    analyse: whether the morphological analyser reads every text; without it only rules and lists find people.
    device_rules: what a person decided for all images of a device.
    documents: whether a person may let an encapsulated PDF out as pictures of its pages, or it is refused.
    opted_out: patients of whom nothing is made.
    names: the site's own, of its list.  clinical: its lists of diseases.  most_named: see ``TextPolicy``.
    """

    profile: str
    keys: KeySet
    site: str
    foreign_issuers: tuple[str, ...] = ()
    trust_detector: bool = False
    recognise: bool = True
    search_pixels: bool = False
    search_slices: bool = False
    analyse: bool = True
    device_rules: tuple[DeviceRule, ...] = ()
    documents: Literal["refuse", "review"] = "refuse"
    names: SiteList = site_list.NONE
    most_named: int = 3
    clinical: ClinicalLists = clinical_lists.NONE
    opted_out: OptedOut = opted_out.NOBODY


class Context(NamedTuple):
    """One Instance's. days: by how many its dates move."""

    policy: Policy
    sop_class_uid: str
    identity: PatientIdentity
    issuer: str
    days: int

    @property
    def profile(self) -> str:
        return self.policy.profile

    @property
    def keys(self) -> KeySet:
        return self.policy.keys


def of(policy: Policy, sop_class_uid: str, identity: PatientIdentity) -> Context:
    """Return the context of one Instance."""
    issuer = pseudonyms.issuer_of(identity.issuer, policy.site, policy.foreign_issuers)
    moves = profile.dates(profile.load(policy.profile)) == "MODIFIED"
    days = pseudonyms.shift_days(policy.keys, issuer, identity.patient_id) if moves else 0
    if policy.names.places:
        identity = patient_identifiers.with_places(identity, policy.names.places, policy.site)
    return Context(policy, sop_class_uid, identity, issuer, days)


def check_collected(policy: Policy, identity: PatientIdentity) -> None:
    """Raise Refused if an Instance is of a patient who opted out."""
    issuer = pseudonyms.issuer_of(identity.issuer, policy.site, policy.foreign_issuers)
    opted_out.check(policy.opted_out, issuer, opted_out.ids_of(identity))


def text_policy_of(policy: Policy, days: int | None) -> TextPolicy:
    """Return the policy of a patient's texts. days: by how many the patient's dates move, None if they do not."""
    return TextPolicy.of_profile(
        policy.profile,
        days,
        analyse=policy.analyse,
        names=policy.names,
        most_named=policy.most_named,
        clinical=policy.clinical,
    )


def patient(context: Context) -> str:
    """Return the Patient ID that the Instance gets."""
    return pseudonyms.patient_pseudonym(context.keys, context.issuer, context.identity.patient_id)


def issuer_label(context: Context) -> str:
    """Return the Issuer of Patient ID (0010,0021) of a pseudonym: which key version made it."""
    return patient_system(context.keys.version)
