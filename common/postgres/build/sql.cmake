# add_sql(NAME FOLDER OUT): FOLDER/sql/*.sql become NAME.d/NAME_sql.h and .c in the binary folder,
# a `const struct statement sql_FILE` each. OUT lists the two files; it is empty without statements.
function(add_sql name folder out)
  set(${out} "" PARENT_SCOPE)
  file(GLOB statements CONFIGURE_DEPENDS ${folder}/sql/*.sql)
  if(NOT statements)
    return()
  endif()
  string(REPLACE "-" "_" base ${name})
  set(directory ${CMAKE_CURRENT_BINARY_DIR}/${name}.d)
  file(MAKE_DIRECTORY ${directory})
  set(script ${PROJECT_SOURCE_DIR}/common/postgres/build/sql2c.awk)
  foreach(kind h c)
    set(file ${directory}/${base}_sql.${kind})
    # By way of another file: a failed run must not leave half a file that looks new.
    add_custom_command(
      OUTPUT ${file}
      COMMAND awk -v kind=${kind} -v base=${base} -f ${script} ${statements} > ${file}.part
      COMMAND ${CMAKE_COMMAND} -E rename ${file}.part ${file}
      DEPENDS ${script} ${statements} VERBATIM)
    list(APPEND files ${file})
  endforeach()
  set(${out} ${files} PARENT_SCOPE)
endfunction()
