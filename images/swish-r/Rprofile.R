
# What the person who works here installs goes to their own volume, which may be empty: R wants the folder to be there.
local({
  library <- strsplit(Sys.getenv("R_LIBS_USER"), .Platform$path.sep)[[1]][1]
  if (!is.na(library) && nzchar(library) && !dir.exists(path.expand(library))) {
    dir.create(path.expand(library), recursive = TRUE, showWarnings = FALSE)
    .libPaths(c(path.expand(library), .libPaths()))
  }
})
