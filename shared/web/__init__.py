"""What the pages and HTTP interfaces of all services share.

errors: the one error middleware.  csrf: the one guard against cross-site requests.
language, locale: pages in Japanese and English.  ohif: the viewer.
``templates/base.html`` and vendored assets under ``/static``: a service extends ``base.html`` (blocks title, head,
main) and renders by ``aiohttp_jinja2.render_template("search/case.html", request, context)``.
"""
