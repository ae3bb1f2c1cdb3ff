import Digest
import Foundation
import NIOHTTP1
import Service

typealias HTTPStatus = HTTPResponseStatus

/// The files of the page, read once at the start: a request's name is looked up among theirs, and is never a path.
struct PageFiles: Sendable {
    private struct File {
        let type: String
        let plain: Form
        let packed: Form

        init(_ data: Data, _ type: String) {
            self.type = type
            plain = Form(data: data, coding: nil)
            packed = Form(data: Gzip.packed(data), coding: "gzip")
        }
    }

    /// A file as it is sent; each form has a tag of its own.
    private struct Form {
        let data: Data
        let headers: HTTPHeaders

        init(data: Data, coding: String?) {
            self.data = data
            var headers: HTTPHeaders = [
                "etag": "\"\(ContentHash(of: data).version)\"", "cache-control": "no-cache", "vary": "accept-encoding",
            ]
            if let coding { headers.add(name: "content-encoding", value: coding) }
            self.headers = headers
        }
    }

    private static let types = [
        "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
        "json": "application/json", "png": "image/png", "woff2": "font/woff2",
        "webmanifest": "application/manifest+json",
    ]

    private let files: [String: File]
    private let shell: String
    private let loginShell: String
    private let refusalShell: String

    /// Reads the page from where it is installed, or from the checkout that the program was built in.
    init() throws {
        let places = Program.pageCandidates()
        guard let folder = places.first(where: { FileManager.default.fileExists(atPath: $0 + "/index.html") }) else {
            throw DeskStartError.page("the desk's page is not installed; looked for " + places.joined(separator: ", "))
        }
        try self.init(folder)
    }

    init(_ folder: String) throws {
        var files: [String: File] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            guard let type = Self.types[(name as NSString).pathExtension],
                let data = FileManager.default.contents(atPath: folder + "/" + name)
            else { continue }
            files[name] = File(data, type)
        }
        self.files = files
        shell = try Self.text(folder + "/index.html")
        loginShell = try Self.text(folder + "/login.html")
        refusalShell = try Self.text(folder + "/refusal.html")
    }

    private static func text(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw DeskStartError.page("\(path) is missing")
        }
        return String(decoding: data, as: UTF8.self)
    }

    func file(_ name: String, _ request: Request) throws -> Response {
        guard let file = files[name] else { throw Refusal.notFound }
        let form = Gzip.isAccepted(request.header("accept-encoding")) ? file.packed : file.plain
        if request.header("if-none-match") == form.headers["etag"].first { return .notModified(form.headers) }
        var response = Response(.ok, file.type, form.data)
        for (name, value) in form.headers { response.headers.replaceOrAdd(name: name, value: value) }
        return response
    }

    /// A page: its shell, with a content that reads without scripts.
    func page(title: String, _ content: HTML) -> String {
        fill(shell, ["title": HTML.escaped(title), "content": content.text])
    }

    func login(message: String) -> String {
        fill(loginShell, ["message": HTML.escaped(message)])
    }

    /// A refusal, for people.
    func refusal(_ refusal: Refusal) -> Response {
        var (title, words) = (refusal.message, "")
        if refusal.status == .notFound {
            title = "Nothing is here."
            words = "The photograph may have been moved or taken away, or the address is wrong."
        }
        let page = fill(refusalShell, ["title": HTML.escaped(title), "message": HTML.escaped(words)])
        var response = Response.html(page, status: refusal.status)
        for (name, value) in refusal.headers { response.headers.replaceOrAdd(name: name, value: value) }
        return response
    }

    /// Replaces the places of a shell, each once and in one go: a value that looks like a place stays as it is.
    private func fill(_ shell: String, _ values: [String: String]) -> String {
        shell.replacing(/\{\{(\w+)\}\}/) { values[String($0.1)] ?? "" }
    }
}
