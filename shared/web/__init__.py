"""What the pages of all services share: ``templates/base.html`` and vendored assets under ``/static``.

A service extends ``base.html`` (blocks title, head, main) and renders by aiohttp-jinja2:
``aiohttp_jinja2.render_template("search/case.html", request, context)``.
"""
