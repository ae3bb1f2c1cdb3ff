import NIOHTTP1

/// What every answer tells the browser to refuse.
enum Shield {
    /// No inline script or style, nothing from elsewhere, no frame around it.
    static let policy = """
        default-src 'none'; img-src 'self' blob:; style-src 'self'; script-src 'self'; connect-src 'self'; \
        font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'
        """

    static let headers: HTTPHeaders = [
        "content-security-policy": policy,
        // Without a referrer, browsers leave the origin out too, and writes would be refused.
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
        "x-frame-options": "DENY",
        "vary": "cookie, authorization",
    ]
}
