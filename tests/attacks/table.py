"""The attacker's list: what is tried, at which door, what has to come of it, and the one test that tries it. Pure.

docs/security.md has it as a table. A line whose test stands elsewhere was there before the list, with what it protects.
"""

from typing import NamedTuple


class Attack(NamedTuple):
    """One line. test: module under tests/ and function."""

    kind: str
    attack: str
    door: str
    expected: str
    test: str


def _lines(kind: str, module: str, *rows: tuple[str, str, str, str]) -> tuple[Attack, ...]:
    return tuple(Attack(kind, attack, door, expected, f"{module}::{test}") for attack, door, expected, test in rows)


ATTACKS = (
    *_lines(
        "Path traversal",
        "attacks/test_paths.py",
        ("`../`, `%2f`, `%252f`, `%5c`, NUL, overlong UTF-8 in each parameter of a URL", "every GET route",
         "4xx or the page of nothing; no byte of a file outside", "test_a_parameter_of_a_url_names_no_file"),
        ("dot segments and double slashes in the request target", "HTTP, static files", "400, 403 or 404",
         "test_dots_in_a_request_target_lead_nowhere"),
        ("a path in a query parameter", "QIDO-RS, WADO-URI, pages", "no byte of a file outside",
         "test_a_query_parameter_names_no_file"),
        ("a SOP, Series and Study Instance UID that is a path", "STOW-RS of gateway and centre",
         "409, nothing stored, no file beside the home", "test_uids_that_are_paths_are_refused_by_stow"),
        ("a path in Content-Location, Content-ID, or the file name of a part", "STOW-RS", "no file beside the home",
         "test_a_part_is_not_kept_where_its_header_says"),
        ("a UID and a calling AE title that are paths", "C-STORE", "a failure status, no file beside the home",
         "test_uids_that_are_paths_are_refused_by_c_store"),
        ("paths in MSH, PID, OBR and in identifiers of a report", "MLLP, FHIR", "taken; no file is named by them",
         "test_identifiers_of_messages_and_reports_name_no_file"),
        ("a backup whose files lie outside the home", "`jmid restore`", "the file is named as wrong and not written",
         "test_a_backup_that_names_files_outside_the_home_writes_none"),
    ),
    *_lines(
        "Path traversal", "blobs/test_contract.py",
        ("a key of a blob that is a path", "blob stores", "Invalid", "test_what_is_no_key_is_refused"),
    ),
    *_lines(
        "Markup (XSS)", "attacks/test_markup.py",
        ("handlers of events and tags in DICOM strings, reports, AE titles, names, reasons, diagnoses, URLs",
         "every page, in both languages", "shown as text; no element of it in the page",
         "test_markup_is_text_on_every_page"),
        ("the same, read by Chromium without a Content Security Policy", "every page", "nothing runs",
         "test_nothing_that_was_sent_runs_in_a_browser_whose_policy_is_off"),
    ),
    *_lines(
        "Markup (XSS)", "portal/test_portal.py",
        ("a script in a report that a reader opens", "portal", "shown as text", "test_markup_in_a_report_is_text"),
    ),
    *_lines(
        "Markup (XSS)", "web/test_headers.py",
        ("a stored document that is HTML, SVG or XML, opened by itself", "DICOMweb", "a sandbox in which nothing runs",
         "test_what_is_stored_may_do_nothing_when_it_is_shown_by_itself"),
    ),
    *_lines(
        "Other sites' pages", "attacks/test_browsers.py",
        ("a request of another site's page (Sec-Fetch-Site, Origin, null, a sibling domain)",
         "every route that changes something", "403",
         "test_no_route_that_changes_something_takes_it_from_another_sites_page"),
        ("signing a reader in or out from another site (login CSRF)", "the issuer's and the portal's forms", "403",
         "test_nobody_is_signed_in_or_out_by_another_sites_page"),
        ("a script of another site that reads an answer (CORS)", "every GET route", "no Access-Control-Allow-Origin",
         "test_no_answer_lets_another_sites_script_read_it"),
        ("a name of the attacker's that leads here (DNS rebinding)", "every route", "421",
         "test_a_name_of_somebody_else_that_leads_here_reaches_nothing"),
        ("another host in what follows the sign-in (open redirect)", "`/-/sign-in`", "a path of this host",
         "test_the_sign_in_leads_to_no_other_host"),
        ("another host in what follows the choice of a language", "`/-/language`", "a path of this host",
         "test_the_switch_of_languages_leads_to_no_other_host"),
        ("a redirect_uri that is not the client's", "`/identity/authorize`", "403, without a redirect",
         "test_the_issuer_sends_a_code_to_its_client_alone"),
        ("a cookie planted before the sign-in (session fixation)", "the portal", "403 and 401",
         "test_a_session_that_somebody_planted_is_not_the_one_after_the_sign_in"),
        ("a page in a frame (clickjacking)", "every page", "frame-ancestors 'none'",
         "test_pages_are_shown_in_no_frame_of_another_site"),
    ),
    *_lines(
        "Other sites' pages", "web/identity/test_sign_in.py",
        ("the same session after a second sign-in", "the portal", "a new value",
         "test_the_session_begins_at_the_sign_in_and_goes_with_the_sign_out"),
        ("an answer of the issuer that this browser did not ask for", "`/-/sign-in/back`", "403",
         "test_an_answer_that_this_browser_did_not_ask_for_lets_nobody_in"),
    ),
    *_lines(
        "Servers asked for others (SSRF)", "attacks/test_fetching.py",
        ("BulkDataURI of another server, a file, ftp", "STOW-RS with metadata", "400 or 409; nobody is asked",
         "test_bulk_data_of_an_instance_are_of_the_same_request_alone"),
        ("addresses in every reference and attachment of a report", "FHIR", "nobody is asked, up to the delivery",
         "test_addresses_in_a_report_are_not_asked_on_its_whole_way"),
        ("a reference pointer (RP) and addresses in text", "MLLP", "nobody is asked",
         "test_addresses_in_a_message_are_not_asked"),
        ("addresses in recalls, pins, links, diagnoses, annotations", "the centre's API", "nobody is asked",
         "test_what_a_reader_writes_at_the_centre_names_no_address_to_ask"),
        ("Retrieve URL and Pixel Data Provider URL of an Instance", "STOW-RS, then every retrieval", "nobody is asked",
         "test_the_data_set_of_an_instance_names_no_address_to_ask"),
        ("a redirect of the issuer's metadata", "discovery", "not followed; Unavailable",
         "test_an_issuer_that_leads_elsewhere_is_not_followed"),
    ),
    *_lines(
        "Requests", "attacks/test_requests.py",
        ("CR LF in paths and queries (header injection)", "every GET route", "no header of it; never 500",
         "test_a_line_break_in_a_url_becomes_no_header"),
        ("CR in headers of a request", "every GET route", "no header of it; never 500",
         "test_no_header_of_a_request_breaks_one_of_the_answer"),
        ("line breaks and NUL in identifiers that Location repeats", "FHIR at gateway and centre",
         "no header of it; never 500", "test_an_identifier_with_a_line_break_becomes_no_header"),
        ("two lengths, a length and chunks, unknown codings (request smuggling)", "HTTP", "400, one answer",
         "test_a_request_with_two_lengths_is_not_two_requests"),
        ("line breaks and escape sequences for the log", "HTTP", "nothing of it in the log",
         "test_what_is_logged_stays_one_line_without_what_was_sent"),
    ),
    *_lines(
        "XML", "attacks/test_xml.py",
        ("external entities, DTDs, XInclude, schemas, billion laughs, quadratic blow-up, depth", "CDA",
         "400 or 422; no file read, nobody asked",
         "test_a_cda_document_reads_no_file_asks_no_server_and_does_not_grow"),
        ("the same", "Native DICOM Model by STOW-RS", "400 or 409; no file read, nobody asked",
         "test_native_dicom_xml_reads_no_file_asks_no_server_and_does_not_grow"),
        ("the same in FHIR XML, SVG and other XML", "report routes", "400 or 415", "test_other_xml_is_no_report"),
    ),
    *_lines(
        "Bombs", "web/test_content_coding.py",
        ("gzip, deflate and zstd that grow", "HTTP bodies", "400 or 413 before it is in memory",
         "test_what_is_not_of_its_coding_or_grows_too_much_is_the_clients_fault"),
    ),
    *_lines(
        "Slowness", "attacks/test_slowness.py",
        ("headers or bodies that come a byte at a time, or not at all", "HTTP", "closed; others are answered",
         "test_http"),
        ("a request for an association that comes a byte at a time", "DIMSE", "closed", "test_dimse"),
        ("a message that comes a byte at a time", "MLLP", "closed", "test_mllp"),
    ),
    *_lines(
        "Slowness", "web/test_connections.py",
        ("many silent connections", "HTTP", "the oldest give way", "test_many_silent_connections_keep_nobody_out"),
    ),
    *_lines(
        "Slowness", "ingest/images/test_dimse.py",
        ("many silent connections", "DIMSE", "a modality is answered",
         "test_silent_connections_cost_no_threads_and_do_not_keep_a_modality_out"),
    ),
    *_lines(
        "Slowness", "ingest/reports/test_messages.py",
        ("many silent connections", "MLLP", "a sender is answered",
         "test_silent_mllp_connections_do_not_keep_a_sender_out"),
    ),
    *_lines(
        "Tokens", "attacks/test_tokens.py",
        ("alg none in any case", "every route that asks", "401", "test_a_token_without_signature_is_refused"),
        ("HMAC with the public key, as PEM, DER or JWK", "the same", "401",
         "test_a_token_signed_with_the_public_key_as_a_secret_is_refused"),
        ("a key in the header (jwk)", "the same", "401", "test_a_key_in_the_header_of_a_token_is_not_believed"),
        ("an address of keys in the header (jku, x5u)", "the same", "401; nobody is asked",
         "test_an_address_in_the_header_of_a_token_is_not_asked"),
        ("kid that is a path, SQL, an address, too long, no text", "the same", "401",
         "test_the_name_of_a_key_leads_to_no_other_key"),
        ("another audience, another issuer, expired, not yet valid, nobody's", "the same", "401",
         "test_a_token_for_others_or_for_another_time_is_refused"),
        ("a token of another realm of the same server", "the same", "401",
         "test_a_token_of_another_realm_of_the_same_server_is_refused"),
        ("an ID token or a refresh token: told by claims, by a nonce, by the client's audience", "the same", "401",
         "test_an_id_token_is_no_access_token"),
        ("a token without the type at+jwt of an issuer that gives it", "the same", "401",
         "test_without_the_type_of_access_tokens_none_is_taken_where_the_issuer_gives_it"),
        ("logout, security-event and DPoP tokens", "the same", "401", "test_a_token_of_another_kind_is_refused"),
        ("changed claims", "the same", "401", "test_claims_that_were_changed_after_the_signature_are_refused"),
        ("a token in the URL or in a form", "the same", "401", "test_a_token_in_the_url_or_in_a_form_is_not_looked_at"),
        ("other schemes, two tokens in one header", "the same", "401", "test_what_is_no_bearer_token_is_nobody"),
        ("roles that are wildcards, other cases, other types", "the same", "403",
         "test_roles_that_are_none_of_ours_give_nothing"),
        ("headers that a proxy might set (X-Forwarded-User and others)", "the same", "401",
         "test_headers_of_a_proxy_make_nobody_somebody"),
    ),
    *_lines(
        "Addresses", "web/identity/test_unknown_callers.py",
        ("another address in X-Forwarded-For, X-Real-IP or Forwarded of who is no trusted proxy", "every route",
         "counted and recorded as the address of the connection",
         "test_a_header_of_whoever_calls_makes_nobody_another_caller"),
        ("an address in front of the one that a trusted proxy adds", "every route", "not believed",
         "test_behind_a_trusted_proxy_each_caller_is_counted_alone"),
    ),
    *_lines(
        "Other people's data (IDOR)", "web/access/test_across_sites.py",
        ("the id of another site's Study, Instance, report, case, recall, opt-out", "every route with an id",
         "403, 404 or nothing, as for an id that nobody has", "test_by_the_id_of_another_site_nothing_comes"),
        ("the id of another site's Study, Series or Instance in a query", "every search with an id", "nothing of it",
         "test_by_an_id_in_the_query_nothing_comes_of_another_site_and_all_of_the_own"),
        ("a list without an id", "every list", "nothing of another site",
         "test_a_list_holds_what_is_of_the_own_site_and_nothing_of_another"),
    ),
    *_lines(
        "Other people's data (IDOR)", "web/identity/test_gate.py",
        ("each role at each route, of the own and of another site", "every route", "what docs/access.md says",
         "test_each_role_reaches_what_the_document_says_and_nothing_else"),
    ),
)  # fmt: skip
