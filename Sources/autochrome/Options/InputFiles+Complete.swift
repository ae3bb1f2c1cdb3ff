import ArgumentParser
import Service

extension InputFiles {
    /// The photographs, for a command that would be misleading without some: it ends, with all that cannot be read named.
    func complete() throws -> [Item] {
        guard problems.isEmpty else {
            for problem in problems { Output.complain("autochrome: \(problem)") }
            throw ExitCode(2)
        }
        return items
    }
}
