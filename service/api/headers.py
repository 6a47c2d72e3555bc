"""The security headers of every answer.

The content security policy allows nothing but our own files, each line with its reason; the hash is that of the empty
style sheet, which Plotly needs to position its layers.
"""

EMPTY_STYLE_HASH = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",  # what nobody has thought of is refused
        "script-src 'self'",  # text that becomes markup by a mistake still runs nothing
        f"style-src 'self' {EMPTY_STYLE_HASH}",  # injected styles could cover or imitate what is signed
        "img-src 'self' data: blob:",  # pictures of charts and QR codes are made in the page or come with an answer
        "font-src 'self'",  # formulas have fonts of their own, and no other host learns who reads them
        "connect-src 'self'",  # a script that got in could send nothing away
        "manifest-src 'self'",  # the page can be kept as an application
        "base-uri 'none'",  # relative addresses cannot be turned elsewhere
        "form-action 'self'",  # a form that got in cannot send a password away
        "frame-ancestors 'none'",  # nobody can lay a page of ours under theirs and have somebody click on it
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",  # windows of other sites get no handle on ours
    "Cross-Origin-Resource-Policy": "same-origin",  # other sites cannot load our answers into their processes
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",  # nothing here needs them
    "Referrer-Policy": "no-referrer",  # addresses hold ids of models and people's questions, and a provider's code
    "X-Content-Type-Options": "nosniff",  # an uploaded table is never taken for a script
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
}
